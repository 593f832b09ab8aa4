import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.asks import Judge, Propose
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Message, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.revise import Revise, quoting
from support.thinking import Likes, draw, replies, run, task


def test_feedback_re_enters_a_conversation() -> None:
    prompt = quoting(task().prompt, "3, 1, 2", Verdict.of(False, "3 stands wrong."))
    assert prompt.messages[1:] == (
        Message("assistant", "3, 1, 2"),
        Message("user", "That is not right yet: 3 stands wrong. Answer again, and give the whole answer."),
    )


def test_feedback_re_enters_a_document_as_a_comment() -> None:
    document = task("sorted([3, 1]) == ", document=True, prefill="[", keys=frozenset({"k"})).prompt
    prompt = quoting(document, "3, 1]", Verdict.of(False, "first\nsecond"))
    assert prompt.text == (
        "sorted([3, 1]) == [3, 1]\n\n# Not right yet: first\n# second. The whole answer again:\n\nsorted([3, 1]) == "
    )
    assert (prompt.prefill, prompt.keys) == ("[", frozenset({"k"}))


def test_a_draft_is_mended() -> None:
    model = Scripted({"Sort 3 1 2": "3, 1, 2", "not right yet: swap": "1, 2, 3"})
    critic = Likes(lambda a: float(a == "1, 2, 3"), feedback="swap")
    (trace,) = Drive(model).run([Job(Revise(), task(), Noise((1,)), critics={"verifier": critic})])
    assert [(t.answer, t.parent) for t in trace.thoughts] == [("3, 1, 2", None), ("1, 2, 3", 0)]
    assert [t.verdict is not None and t.verdict.passed for t in trace.thoughts] == [False, True]
    assert trace.best == trace.thoughts[1]


def versions(scores: list[float], temperature: float = 1.0, rounds: int = 3):
    asked: list[Propose] = []

    def propose(ask: Propose) -> list[Draw]:
        asked.append(ask)
        return [draw(str(scores[len(asked) - 1]))]

    def judge(ask: Judge) -> Verdict:
        return Verdict(float(ask.answer), float(ask.answer) == 1.0, f"only {ask.answer}")

    search = Revise(rounds=rounds)
    state = run(search, task(sampling=Sampling(temperature=temperature)), replies(propose, judge))
    return search.best(state), asked


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=5, max_size=5))
def test_it_never_ends_with_a_worse_one_than_it_had(scores: list[float]) -> None:
    best, asked = versions(scores, rounds=4)
    assert best.verdict.score == max(scores[: len(asked)])
    assert len(asked) == 5 or scores[len(asked) - 1] == 1.0


def test_the_best_version_is_what_is_revised() -> None:
    _, asked = versions([0.5, 0.25, 0.75, 0.0])
    assert [ask.prefix.prompt.messages[1].content for ask in asked[1:]] == ["0.5", "0.5", "0.75"]
    assert len({ask.noise for ask in asked}) == 4


def test_greedy_does_not_write_the_same_again() -> None:
    best, asked = versions([0.5, 0.25, 1.0, 1.0], temperature=0)
    assert len(asked) == 2
    assert best.answer == "0.5"


def test_a_broken_verifier_ends_it() -> None:
    def broken(answer: str) -> float:
        raise RuntimeError("broke")

    job = Job(Revise(), task(), Noise((1,)), critics={"verifier": Likes(broken)})
    (trace,) = Drive(Scripted("1")).run([job])
    assert len(trace.thoughts) == 1
    assert trace.best is not None
    assert "broke" in trace.errors[0]


def test_bad_parameters_are_named() -> None:
    with pytest.raises(BadSpec):
        make("strategies", "revise:rounds=0")
    assert make("strategies", "revise:rounds=2") == Revise(rounds=2)

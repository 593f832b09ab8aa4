import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.asks import Judge, Propose, Proposed, Refused
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.beam import Beam
from support.thinking import NOISE, Likes, digits, draw, replies, run, sorted_so_far, task

COMMA = Sampling(max_tokens=40)


def trace(search: Beam, model: Scripted, critics: dict[str, Likes], sampling: Sampling = COMMA, seed: int = 0):
    (trace,) = Drive(model).run([Job(search, task(sampling=sampling), Noise((seed,)), critics=critics)])
    return trace


def test_a_step_critic_finds_what_single_draws_do_not() -> None:
    critics = {
        "step": Likes(sorted_so_far, least=0.1),
        "verifier": Likes(lambda a: float(a == "1, 2, 3, 4")),
    }
    search = Beam(width=2, expand=6, split="comma")
    traces = [trace(search, Scripted(rule=digits), critics, seed=seed) for seed in range(20)]
    solved = sum(t.best is not None and t.best.verdict is not None and t.best.verdict.passed for t in traces)
    assert solved >= 18, "a single draw is right one time in 256"
    best = traces[0].best
    assert best is not None
    assert [t.answer for t in traces[0].thoughts if t.id == best.parent] == ["1, 2, 3,"]


def test_step_scores_are_values_and_verdicts_are_the_verifiers() -> None:
    step, verifier = Likes(sorted_so_far, least=0.1), Likes(lambda a: 1.0)
    done = trace(Beam(width=2, expand=3, split="comma"), Scripted("1, 2, 3, 4"), {"step": step, "verifier": verifier})
    assert next(t.value for t in done.thoughts if t.answer == "1, 2,") == 0.5
    assert [t.answer for t in done.thoughts if t.verdict] == ["1, 2, 3, 4"]
    assert all(item.target is None for item, _ in step.seen + verifier.seen)


def test_without_a_step_critic_the_likelier_beginning_wins() -> None:
    said = {"1, 2": 0.2, "3, 4": 0.8}
    done = trace(Beam(width=1, expand=8, split="comma"), Scripted(said), {})
    assert done.best is not None
    assert done.best.answer == "3, 4"
    assert done.stopped == "done"
    assert done.errors == ()


def test_equal_beginnings_are_merged() -> None:
    model = Scripted("a\nb\nc")
    done = trace(Beam(width=4, expand=4, split="line"), model, {})
    assert [len([a for a in model.asked if a.prefix.text == text]) for text in ("", "a\n", "a\nb\n")] == [1, 1, 1]
    assert done.best is not None
    assert done.best.answer == "a\nb\nc"


def test_a_dead_level_is_drawn_again_with_other_noise() -> None:
    asked: list[Propose] = []

    def propose(ask: Propose) -> list[Draw]:
        asked.append(ask)
        text = "good" if ask.first_draw >= 4 else "bad"
        return [draw(text, finish="stop", stopped_by="\n")] * ask.n

    search = Beam(width=1, expand=2, split="line", steps=2, retries=2)
    reply = replies(propose, lambda ask: Verdict.of(ask.answer == "good") if ask.role == "step" else None)
    state = run(search, task(), reply)
    assert [ask.first_draw for ask in asked[:3]] == [0, 2, 4]
    assert asked[3].prefix.text == "good\n"
    best = search.best(state)
    assert best is not None
    assert best.answer.startswith("good")


def test_a_level_that_stays_dead_goes_on_with_the_best_of_it() -> None:
    critics = {"step": Likes(lambda a: 0.0)}
    done = trace(Beam(width=1, expand=2, split="line", retries=1), Scripted("a\nb"), critics)
    assert done.best is not None
    assert done.best.answer == "a\nb"


def test_tokens_split_and_the_whole_stays_within_its_length() -> None:
    done = trace(
        Beam(width=2, expand=2, split="tokens", step_tokens=3), Scripted("x" * 99), {}, Sampling(max_tokens=10)
    )
    assert done.best is not None
    assert done.best.answer == "x" * 10
    assert done.best.finish == "length"


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3))
def test_the_order_of_replies_changes_nothing(seed: int, width: int, expand: int) -> None:
    model = Scripted(rule=digits)

    def propose(ask: Propose) -> tuple[Draw, ...]:
        model.submit([ask])
        while True:
            for reply in model.step().replies:
                assert isinstance(reply, Proposed)
                return reply.draws

    def judge(ask: Judge) -> Verdict:
        score = sorted_so_far(ask.answer)
        return Verdict(score, score > 0 if ask.role == "step" else score == 1.0)

    search = Beam(width=width, expand=expand, split="comma")
    reply = replies(propose, judge)
    one, other = (run(search, task(sampling=COMMA), reply, r) for r in (None, random.Random(seed)))
    assert search.best(one) == search.best(other)
    assert search.thoughts(one) == search.thoughts(other)


def test_a_refusal_ends_it_with_what_there_is() -> None:
    search = Beam(width=1, expand=1, split="line")
    state = search.start(task(), NOISE)
    (ask,) = search.ask(state)
    state = search.tell(state, [Refused(ask.id, "no", "budget")])
    assert search.ask(state) == ()
    assert search.best(state) is None


def test_where_all_draws_of_a_level_fail_the_last_beginning_stays_the_best() -> None:
    def propose(ask: Propose) -> list[Draw]:
        if ask.prefix.text:
            return [draw("", finish="error")] * ask.n
        return [draw("good", finish="stop", stopped_by="\n")] * ask.n

    search = Beam(width=2, expand=2, split="line", retries=1)
    state = run(search, task(), replies(propose, lambda ask: None))
    best = search.best(state)
    assert best is not None
    assert best.answer == "good"


@pytest.mark.parametrize("spec", ["beam:width=0", "beam:split=word", "beam:split=tokens", "beam:retries=-1"])
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)


def test_the_spec_makes_it_again() -> None:
    search = Beam(width=3, split="tokens", step_tokens=5)
    assert make("strategies", search.spec) == search

import pytest

from nightschool.asks import Propose
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.think.monologue import CLOSES, OPENS, Monologue
from support.thinking import NOISE, draw, replies, run, task


def answered(prefill: str = "") -> list[str]:
    """Return what the model was shown, in order."""
    shown: list[str] = []

    def propose(ask):  # type: ignore[no-untyped-def]
        shown.append(str(ask.prefix.prompt) + ask.prefix.text)
        return [draw(" thinking" if ask.id == "think" else " 3, 5")]

    state = run(Monologue(8), task("Sort", prefill=prefill), replies(propose, lambda judge: Verdict.of(True)))
    best = Monologue(8).best(state)
    assert best is not None
    assert best.answer == "3, 5"
    assert best.prefix.text == f"{OPENS} thinking{CLOSES}{' ' + prefill if prefill else ''} 3, 5"
    return shown


def test_it_thinks_first_and_then_the_answer_is_opened() -> None:
    first, second = answered()
    assert first.endswith(OPENS)
    assert second == f"{first} thinking{CLOSES}"


def test_a_prefill_opens_the_answer_and_not_the_thinking() -> None:
    first, second = answered("[")
    assert first.endswith(OPENS)
    assert "[" not in first
    assert second.endswith(f"{CLOSES} [")


def test_thinking_stops_where_the_model_comes_to_an_answer() -> None:
    def rule(prompt: str, written: str) -> dict[str, float]:
        line = " 3, 5\n" if CLOSES in written else " Three is less.\nAnswer: 5"
        said = written.rpartition(CLOSES if CLOSES in written else OPENS)[2]
        return {line[len(said) : len(said) + 1]: 1.0}

    model = Scripted(rule=rule)
    (trace,) = Drive(model, critic_workers=0).run(
        [Job(Monologue(60), task(sampling=Sampling(12, 0.0, stop=("\n",))), NOISE)]
    )
    assert trace.best is not None
    assert trace.best.prefix.segments[1].text == " Three is less."
    assert (trace.best.answer, trace.best.finish) == ("3, 5", "stop")


def test_a_schema_is_that_of_the_answer_alone() -> None:
    asked: list[Propose] = []

    def propose(ask: Propose) -> list[Draw]:
        asked.append(ask)
        return [draw(" thinking" if ask.id == "think" else "[3]")]

    of = task("Sort", sampling=Sampling(json_schema='{"type": "array"}'), prefill="So:")
    state = run(Monologue(8), of, replies(propose, lambda judge: None))
    think, answer = asked
    assert think.sampling.json_schema is None
    assert answer.sampling == of.sampling
    assert answer.prefix.segments == (), "nothing of the value is written yet"
    assert str(answer.prefix.prompt).endswith(f"{OPENS} thinking{CLOSES} So:")
    best = Monologue(8).best(state)
    assert best is not None
    assert best.answer == "[3]"


@pytest.mark.parametrize("finish", ["error", "cancelled"])
def test_where_thinking_failed_there_is_no_answer(finish: str) -> None:
    def propose(ask):  # type: ignore[no-untyped-def]
        assert ask.id == "think"
        return [draw("hm", finish=finish)]  # type: ignore[arg-type]

    state = run(Monologue(), task(), replies(propose, lambda judge: None))
    assert Monologue().best(state) is None


def test_the_specification_and_what_makes_no_sense() -> None:
    assert Monologue(32).spec == "monologue:tokens=32"
    with pytest.raises(BadSpec, match="tokens"):
        Monologue(0)

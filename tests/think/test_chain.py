from __future__ import annotations

from dataclasses import replace

import pytest

from nightschool.asks import Ask, Judge, Propose, Refused, Reply
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec, UsageError
from nightschool.items import Draw, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.chain import Chain
from support.thinking import NOISE, Likes, digits, draw, proposed, replies, run, task

SAMPLING = Sampling(max_tokens=40)


def counts_up(answer: str) -> float:
    numbers = [part.strip() for part in answer.rstrip(", ").split(",")]
    return float(numbers == [str(i + 1) for i in range(len(numbers))])


def test_each_step_is_checked_before_the_next_builds_on_it() -> None:
    critics = {"step": Likes(counts_up), "verifier": Likes(lambda a: float(a == "1, 2, 3, 4"))}
    jobs = [Job(Chain(split="comma"), task(sampling=SAMPLING), Noise((s,)), critics=critics) for s in range(20)]
    traces = Drive(Scripted(rule=digits)).run(jobs)
    assert sum(t.best is not None and t.best.verdict is not None and t.best.verdict.passed for t in traces) >= 18
    for trace in traces:
        parents = {t.parent for t in trace.thoughts} - {None}
        assert all(trace.thoughts[p].value == 1.0 for p in parents if p is not None)


def steps(said: list[str]) -> tuple[list[str], object]:
    """Return the places that were continued, and what answers with `said` one after the other."""
    places: list[str] = []

    def propose(ask: Propose) -> list[Draw]:
        places.append(ask.prefix.text)
        text = said[len(places) - 1]
        return [draw(text.strip(), finish="end" if text.endswith(".") else "stop", stopped_by="\n")]

    return places, propose


def test_a_dead_end_is_taken_back() -> None:
    places, propose = steps(["a", "x", "x2", "b", "c", "d."])
    reply = replies(propose, lambda ask: Verdict.of("x" not in ask.answer))  # type: ignore[arg-type]
    search = Chain(tries=2)
    state = run(search, task(), reply)
    assert places == ["", "a\n", "a\n", "", "b\n", "b\nc\n"]
    best = search.best(state)
    assert best is not None
    assert best.answer == "b\nc\nd."


def test_what_was_taken_back_and_comes_again_is_entered_again_unjudged() -> None:
    places, propose = steps(["a", "x", "a", "b."])
    judged: list[str] = []

    def judge(ask: Judge) -> Verdict:
        judged.append(ask.answer)
        return Verdict.of("x" not in ask.answer)

    state = run(Chain(tries=1), task(), replies(propose, judge))  # type: ignore[arg-type]
    assert places == ["", "a\n", "", "a\n"]
    assert judged == ["a", "a\nx", "a\nb."]
    assert state.over


def test_a_wrong_whole_answer_is_doubted_like_a_step() -> None:
    places, propose = steps(["wrong.", "wrong.", "right."])
    reply = replies(propose, lambda ask: Verdict.of(ask.answer == "right."))  # type: ignore[arg-type]
    search = Chain(tries=9)
    state = run(search, task(), reply)
    best = search.best(state)
    assert best is not None
    assert best.answer == "right."
    assert len(places) == 3


def test_it_ends_after_n_draws_with_the_longest_checked_chain() -> None:
    _, propose = steps(["a", "b", "x", "x", "x", "x", "x"])
    reply = replies(propose, lambda ask: Verdict.of("x" not in ask.answer))  # type: ignore[arg-type]
    search = Chain(n=5, tries=9)
    state = run(search, task(), reply)
    best = search.best(state)
    assert best is not None
    assert best.answer == "a\nb"
    assert len(search.thoughts(state)) == 5


@pytest.mark.parametrize("by", ["budget", "cancelled"])
def test_a_step_whose_judgement_is_refused_is_not_entered(by: str) -> None:
    _, propose = steps(["a", "b", "c"])

    def reply(ask: Ask) -> Reply:
        if isinstance(ask, Judge) and "b" in ask.answer:
            return Refused(ask.id, "the budget is used up", by)  # type: ignore[arg-type]
        return replies(propose, lambda judge: Verdict(1.0, True))(ask)  # type: ignore[arg-type]

    search = Chain()
    state = run(search, task(), reply)
    assert state.over
    assert len(search.thoughts(state)) == 2
    best = search.best(state)
    assert best is not None
    assert best.answer == "a"


def test_where_nothing_was_judged_the_best_is_what_was_begun() -> None:
    search = Chain()
    state = search.start(task(), NOISE)
    [ask] = search.ask(state)
    state = search.tell(state, [proposed(ask.id, draw("a", finish="stop", stopped_by="\n"))])
    [ask] = search.ask(state)
    state = search.tell(state, [Refused(ask.id, "the budget is used up", "budget")])
    best = search.best(state)
    assert best is not None
    assert best.answer == "a"
    assert state.passed == frozenset()


def test_an_answer_is_judged_though_a_draw_failed_at_the_same_text() -> None:
    _, propose = steps(["a", "b.", "b."])

    def failing(ask: Propose) -> list[Draw]:
        drawn = propose(ask)  # type: ignore[operator]
        return [replace(one, finish="error") for one in drawn] if ask.first_draw == 0 and ask.prefix.text else drawn

    search = Chain()
    best = search.best(run(search, task(), replies(failing, lambda judge: Verdict(1.0, True))))
    assert best is not None
    assert best.answer == "a\nb."


def test_it_needs_somebody_to_check() -> None:
    with pytest.raises(UsageError, match="needs a step"):
        Drive(Scripted("a")).run([Job(Chain(), task(), NOISE)])


@pytest.mark.parametrize("spec", ["chain:n=0", "chain:tries=0", "chain:split=word", "chain:split=tokens"])
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)

from __future__ import annotations

import pytest

from nightschool.drive import Budget, Drive, Job
from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Noise, Sampling, Trace
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.auto import ARMS, Auto
from support.thinking import Likes, check_tree, digits, sorted_so_far, task

SAMPLING = Sampling(max_tokens=24)


CRITICS = {"step": Likes(sorted_so_far, least=0.1), "verifier": Likes(lambda a: float(a == "1, 2, 3, 4"))}


def think(search: Auto, seeds: range) -> list[Trace]:
    jobs = [Job(search, task(sampling=SAMPLING), Noise((seed,)), critics=CRITICS) for seed in seeds]
    return Drive(Scripted(rule=digits)).run(jobs)


def run_alone(spec: str) -> list[Trace]:
    return Drive(Scripted(rule=digits)).run(
        [Job(make("strategies", spec), task(sampling=SAMPLING), Noise((0,)), critics=CRITICS)]
    )


def record(trace: Trace) -> list[list[int]]:
    """Return worked, turns and tokens of each arm."""
    assert trace.best is not None
    return [[int(x) for x in part.split("/")] for part in trace.best.value.split("+")]


def solved(trace: Trace) -> bool:
    return trace.best is not None and trace.best.verdict is not None and trace.best.verdict.passed


def test_a_small_budget_is_one_strategys_alone() -> None:
    """A search that is left early has found nothing: within eight of the longest answers nobody else has a turn."""
    jobs = [
        Job(Auto(split="comma"), task(sampling=SAMPLING), Noise((seed,)), Budget(tokens=8 * 24), CRITICS)
        for seed in range(12)
    ]
    traces = Drive(Scripted(rule=digits)).run(jobs)
    begun = [[row for row in record(trace) if row[1]] for trace in traces]
    assert all(len(rows) == 1 for rows in begun)
    assert len({tuple(map(tuple, record(trace))) for trace in traces}) > 2, "and not all questions try the same"


def test_before_anything_is_known_it_tries_what_is_usually_good() -> None:
    firsts = [
        next(i for i, row in enumerate(record(trace)) if row[1]) for trace in think(Auto(n=1, split="comma"), range(60))
    ]
    names = [part.partition(":")[0] for part in ARMS.split("+")]
    tried = [names[first] for first in firsts]
    assert sum(name in ("beam", "mcts", "chain") for name in tried) > 40
    assert len(set(tried)) > 3, "and the others now and then"


def test_it_finds_what_its_best_arm_finds() -> None:
    traces = think(Auto(n=12, split="comma"), range(15))
    assert sum(map(solved, traces)) >= 12


def test_what_worked_on_other_questions_is_tried_first() -> None:
    search = Auto(n=8, arms="best-of-n:n=4+chain:n=32", split="comma")
    fresh = think(search, range(10))
    learned = search.having_seen(fresh)
    later = think(learned, range(10, 20))
    assert make("strategies", learned.spec) == learned
    assert sum(map(solved, later)) >= sum(map(solved, fresh)) - 1
    assert sum(t.usage.tokens for t in later) < 0.9 * sum(t.usage.tokens for t in fresh)
    begun_by_chain = [t for t in later if t.thoughts[0].answer.count(",") == 1]  # with a step, not an answer
    assert len(begun_by_chain) >= 7


def test_a_turn_ends_and_the_strategy_goes_on_where_it_was_left() -> None:
    (alone,) = run_alone("chain:n=40,split=comma,tries=2")
    (trace,) = think(Auto(n=40, arms="chain:n=40;tries=2", split="comma", turn=1), range(1))
    assert [t.answer for t in trace.thoughts] == [t.answer for t in alone.thoughts]
    assert record(trace)[0][1:] == [1, trace.usage.tokens], "many turns are one question"
    (trace,) = think(Auto(n=40, arms="chain:n=40;tries=2+single", split="comma", turn=1), range(1))
    singles = [t.id for t in trace.thoughts if t.parent is None and t.answer.count(",") == 3]
    grown = [(t.parent, t.id) for t in trace.thoughts if t.parent is not None]
    assert any(parent < single < id for parent, id in grown for single in singles), "one went on after the other's turn"
    check_tree(trace.thoughts, trace.best)


def test_a_budget_counts_the_turn_that_it_cut_and_no_other() -> None:
    jobs = [
        Job(Auto(split="comma"), task(sampling=SAMPLING), Noise((seed,)), Budget(tokens=5), CRITICS)
        for seed in range(6)
    ]
    for trace in Drive(Scripted(rule=digits)).run(jobs):
        assert trace.usage.tokens == 5
        assert sorted(record(trace)) == [*[[0, 0, 0]] * 5, [0, 1, 5]]


def test_with_what_was_seen_a_question_at_once_tries_what_worked() -> None:
    seen = "0/40/800+30/40/800"
    for seed in range(5):
        (trace,) = think(Auto(arms="single+chain:n=40", split="comma", seen=seen), range(seed, seed + 1))
        assert record(trace)[0] == [0, 0, 0]


def test_the_record_counts_tries_successes_and_tokens() -> None:
    (trace,) = think(Auto(n=3, arms="single+best-of-n:n=2"), range(1))
    assert trace.best is not None
    tries = record(trace)
    assert all(row[1] == (row[2] > 0) for row in tries), "a question is one try of an arm, however many turns"
    assert sum(row[2] for row in tries) == trace.usage.tokens
    after = Auto(arms="single+best-of-n:n=2").having_seen([trace, trace])
    assert after.seen == "+".join(f"{2 * a}/{2 * b}/{2 * c}" for a, b, c in tries)


def test_the_first_try_is_the_strategy_alone_and_later_ones_are_fresh() -> None:
    (trace,) = think(Auto(n=3, arms="single"), range(1))
    (alone,) = run_alone("single")
    assert trace.thoughts[0].answer == alone.thoughts[0].answer
    assert len({t.answer for t in trace.thoughts}) == 3


@pytest.mark.parametrize("spec", ["auto:n=0", "auto:arms=auto", "auto:seen=1/2", "auto:arms=single,seen=2/1/5"])
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)
    with pytest.raises(UnknownName):
        make("strategies", "auto:arms=chian")

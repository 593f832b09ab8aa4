import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.asks import Judge, Propose
from nightschool.errors import BadSpec
from nightschool.items import Draw, Verdict
from nightschool.registry import make
from nightschool.think.best_of_n import BestOfN
from support.thinking import NOISE, draw, replies, run, task


def drawn(texts: list[str]):
    return lambda ask: [draw(texts[i % len(texts)]) for i in range(ask.first_draw, ask.first_draw + ask.n)]


def length(ask: Judge) -> Verdict:
    return Verdict(min(len(ask.answer), 10) / 10, len(ask.answer) >= 10)


def answer(search: BestOfN, texts: list[str]) -> str | None:
    best = search.best(run(search, task(), replies(drawn(texts), length)))
    return best and best.answer


def test_keeps_what_the_critic_likes_best_and_of_equals_the_earliest() -> None:
    assert answer(BestOfN(n=4), ["a", "bbb", "ccc", "dd"]) == "bbb"


@given(st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=12), st.integers(1, 12))
def test_draws_nest(texts: list[str], n: int) -> None:
    """A run of n holds every smaller run: its answer is that of the first n draws of a longer run."""
    search, longer = BestOfN(n=n), BestOfN(n=12)
    state = run(longer, task(), replies(drawn(texts), length))
    best = max(longer.thoughts(state)[:n], key=lambda t: (t.verdict.passed, t.verdict.score, -t.id))
    assert answer(search, texts) == best.answer
    scores = [min(len(a), 10) for a in (answer(BestOfN(n=k), texts) for k in range(1, 13)) if a is not None]
    assert scores == sorted(scores), "more draws never make it worse"


@given(
    st.lists(st.text("ab", max_size=12), min_size=9, max_size=9),
    st.booleans(),
    st.integers(1, 4),
    st.integers(0, 10**6),
)
def test_the_order_of_replies_changes_nothing(texts: list[str], first_pass: bool, wave: int, seed: int) -> None:
    search = BestOfN(n=9, first_pass=first_pass, wave=wave)
    reply = replies(drawn(texts), length)
    assert search.best(run(search, task(), reply)) == search.best(run(search, task(), reply, random.Random(seed)))


def test_equal_answers_are_judged_once() -> None:
    judged: list[str] = []

    def judge(ask: Judge) -> Verdict:
        judged.append(ask.answer)
        return Verdict.of(False)

    search = BestOfN(n=5, first_pass=True, wave=2)
    state = run(search, task(), replies(drawn(["x", "y", "x", "x", "z"]), judge))
    assert sorted(judged) == ["x", "y", "z"]
    assert all(thought.verdict is not None for thought in search.thoughts(state))


def test_first_pass_stops_after_the_wave_that_passes() -> None:
    search = BestOfN(n=64, first_pass=True, wave=2)
    state = run(search, task(), replies(drawn(["a", "b", "c", "0123456789"]), length))
    assert len(search.thoughts(state)) == 4
    best = search.best(state)
    assert best is not None
    assert best.id == 3


def test_draw_numbers_are_the_same_in_waves_as_at_once() -> None:
    numbers: list[int] = []

    def propose(ask: Propose) -> list[Draw]:
        assert ask.noise == NOISE
        numbers.extend(range(ask.first_draw, ask.first_draw + ask.n))
        return [draw("a")] * ask.n

    run(BestOfN(n=7, first_pass=True, wave=3), task(), replies(propose, lambda ask: Verdict.of(False)))
    assert numbers == list(range(7))


def test_a_broken_critic_neither_raises_nor_sinks_an_answer() -> None:
    def judge(ask: Judge) -> Verdict:
        return Verdict.failed("broke") if ask.answer == "a" else Verdict.of(False)

    search = BestOfN(n=2)
    best = search.best(run(search, task(), replies(drawn(["b", "a"]), judge)))
    assert best is not None
    assert best.answer == "a", "not known to be wrong stands before known to be wrong"


def test_failed_and_cut_draws() -> None:
    draws = [draw("", finish="cancelled"), draw("oops", finish="error"), draw("par", finish="cancelled"), draw("abc")]
    search = BestOfN(n=4)
    judged: list[str] = []

    def judge(ask: Judge) -> Verdict:
        judged.append(ask.answer)
        return Verdict.of(False)

    state = run(search, task(), replies(lambda ask: draws, judge))
    assert judged == ["par", "abc"]
    best = search.best(state)
    assert best is not None
    assert best.answer == "abc", "a whole answer stands before one cut short"


def test_before_any_verdict_there_is_an_answer() -> None:
    search = BestOfN(n=2)
    state = search.start(task(), NOISE)
    assert search.best(state) is None
    (ask,) = search.ask(state)
    state = search.tell(state, [replies(drawn(["a", "b"]), length)(ask)])
    assert search.best(state) is not None


@pytest.mark.parametrize("spec", ["best-of-n:n=0", "best-of-n:n=x", "best-of-n:critic=step", "best-of-n:first_pass=3"])
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)


def test_the_spec_makes_it_again() -> None:
    search = BestOfN(n=3, first_pass=True, critic="reference")
    assert make("strategies", search.spec) == search
    assert search.needs == {"reference"}
    assert BestOfN().spec == "best-of-n:n=8"

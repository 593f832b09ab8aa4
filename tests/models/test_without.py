"""Draws that shall not come again: each conditional probability is what it should be, in the fake."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.asks import Propose
from nightschool.drive import Drive, Job
from nightschool.drive.cache import Cache
from nightschool.items import Draw, Noise, Sampled, Sampling, Segment
from nightschool.models.scripted import Scripted
from nightschool.models.without import Without, all_taken, exact, mass
from nightschool.registry import make
from support.differing import ask, drawn, said
from support.thinking import Likes, digits, task


def coins(prompt: str, written: str) -> dict[str, float]:
    """Say `a` or `b` up to three times, `a` mostly, and end early one time in four."""
    return {"": 1.0} if len(written) == 3 else {"a": 0.5, "b": 0.25, "": 0.25}


def chance(text: str) -> float:
    return math.prod({"a": 0.5, "b": 0.25}[one] for one in text) * (0.25 if len(text) < 3 else 1.0)


def test_all_that_was_sampled_is_told_with_what_ended_it() -> None:
    (ended,) = drawn(Scripted("ab"), ask(1))
    assert [chr(token) for token, _ in said(ended)[:2]] == ["a", "b"]
    assert len(said(ended)) == 3
    (stopped,) = drawn(Scripted("ab, c"), ask(1, stop=(", ",)))
    assert stopped.segment.text == "ab"
    assert len(said(stopped)) == 4, "the comma and the blank as well"
    (long,) = drawn(Scripted("abc"), ask(1, max_tokens=2))
    assert len(said(long)) == 2
    assert Draw(Segment("a", (1,), (-1.0,)), "cancelled").sampled is None
    assert Draw(Segment("a", (1,), (-1.0,)), "stop", stopped_by=",").sampled is None, "nobody told what ended it"
    assert Draw(Segment("a"), "length").sampled is None


def test_what_is_left_has_the_models_own_odds() -> None:
    model = Scripted(rule=coins)
    known = {draw.segment.text: said(draw) for draw in drawn(model, ask(400))}
    assert len(known) == 15
    gone = ("a", "aa", "aab", "")
    seen = Counter(draw.segment.text for draw in drawn(model, ask(8000, tuple(known[text] for text in gone))))
    left = 1 - sum(map(chance, gone))
    assert not set(gone) & set(seen)
    for text in known.keys() - set(gone):
        expected = chance(text) / left
        assert seen[text] / 8000 == pytest.approx(expected, abs=4 * math.sqrt(expected / 8000)), text


@given(st.permutations(range(15)), st.integers(0, 14))
def test_one_after_the_other_all_are_found_once(order: list[int], seed: int) -> None:
    model = Scripted(rule=coins)
    taken: tuple[Sampled, ...] = ()
    texts = []
    for i in range(15):
        assert not all_taken(taken)
        (draw,) = drawn(model, ask(1, tuple(taken[j] for j in order if j < len(taken)), first=seed * 100 + i))
        taken += (said(draw),)
        texts.append(draw.segment.text)
    assert len(set(texts)) == 15
    assert mass(taken) == pytest.approx(1.0)
    assert all_taken(taken)
    (again,) = drawn(model, ask(1, taken))
    assert again.segment.text in texts, "where nothing is left, it draws as ever"


def test_shares_are_of_what_begins_alike() -> None:
    a, b, c = (1, math.log(0.5)), (2, math.log(0.2)), (3, math.log(0.1))
    without = Without(((a, b), (a, c), (b,), (a, b)))
    assert without.shares() == pytest.approx({1: 0.3, 2: 1.0})
    without.take(1)
    assert without.shares() == {2: 1.0, 3: 1.0}
    without.take(4)
    assert not without
    assert not Without(((),))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_none_of_them_comes_at_any_temperature(temperature: float) -> None:
    model = Scripted(rule=coins)
    gone = [draw for draw in drawn(model, ask(400)) if draw.segment.text in ("", "a")]
    without = tuple(map(said, gone))
    seen = Counter(draw.segment.text for draw in drawn(model, ask(4000, without, temperature=temperature)))
    assert not {"", "a"} & set(seen)
    first = {one: p ** (1 / temperature) for one, p in (("a", 0.5 * 0.75**temperature), ("b", 0.25))}
    expected = first["b"] / sum(first.values())  # what is taken out is taken out as it is, whatever the heat
    assert sum(n for text, n in seen.items() if text[0] == "b") / 4000 == pytest.approx(expected, abs=0.03)
    assert exact(Sampling(8))
    assert not any(map(exact, (Sampling(8, 0.9), Sampling(8, top_p=0.9), Sampling(8, top_k=9))))


@pytest.mark.parametrize("spec", ["mcts:n=64", "best-of-n:n=64,distinct=true,wave=1", "chain:n=64", "beam:retries=9"])
@pytest.mark.parametrize("temperature", [0.7, 1.5])
def test_only_at_temperature_one_is_something_left_out(spec: str, temperature: float) -> None:
    model = Scripted(rule=lambda prompt, written: {"": 1.0} if written else {"a": 0.9995, "b": 0.0005})
    rare = Likes(lambda answer: float(answer == "b"))
    jobs = [
        Job(
            make("strategies", spec),
            task(sampling=Sampling(4, temperature)),
            Noise((seed,)),
            critics={"verifier": rare, "step": rare},
        )
        for seed in range(4)
    ]
    Drive(model).run(jobs)
    assert not any(isinstance(one, Propose) and one.without for one in model.asked)


@pytest.mark.parametrize("spec", ["mcts:n=64", "best-of-n:n=64,distinct=true,wave=1", "chain:n=64", "beam:retries=9"])
def test_what_is_rare_is_drawn_next_and_then_nothing(spec: str) -> None:
    model = Scripted(rule=lambda prompt, written: {"": 1.0} if written else {"a": 0.9, "b": 0.1})
    never = Likes(lambda answer: 0.0)
    (trace,) = Drive(model).run(
        [Job(make("strategies", spec), task(), Noise((3,)), critics={"verifier": never, "step": never})]
    )
    assert {thought.answer for thought in trace.thoughts} == {"a", "b"}
    assert len(trace.thoughts) <= (8 if spec.startswith("beam") else 2)


def test_a_chain_leaves_what_has_nothing_left_behind_it() -> None:
    """A first step that passes and leads nowhere is not entered again and again."""
    model = Scripted(rule=lambda p, w: [{"a": 0.9, "b": 0.1}, {"\n": 1.0}, {"c": 1.0}, {"": 1.0}][min(len(w), 3)])
    step = Likes(lambda answer: float("c" not in answer or answer.startswith("b")), least=0.5)
    jobs = [
        Job(make("strategies", "chain:n=64"), task(), Noise((i,)), critics={"step": step, "verifier": step})
        for i in range(20)
    ]
    for trace in Drive(model).run(jobs):
        assert trace.best is not None
        assert trace.best.answer.startswith("b")
        assert len(trace.thoughts) <= 4


@pytest.mark.parametrize(
    "spec", ["mcts:n=30,split=comma", "chain:n=30,split=comma", "beam:split=comma,retries=3", "best-of-n:distinct=true"]
)
def test_a_search_from_the_cache_is_the_same(spec: str, tmp_path: Path) -> None:
    step = Likes(lambda answer: 1.0 if "4" in answer else 0.1, least=0.5)
    jobs = [
        Job(
            make("strategies", spec),
            task(sampling=Sampling(40)),
            Noise((seed,)),
            critics={"step": step, "verifier": step},
        )
        for seed in range(3)
    ]
    model = Scripted(rule=digits)
    plain = Drive(Scripted(rule=digits)).run(jobs)
    cache = Cache(tmp_path / "draws.db")
    first = Drive(model, cache=cache).run(jobs)
    asked = len(model.asked)
    second = Drive(model, cache=cache).run(jobs)
    assert len(model.asked) == asked, "all of it was there"
    assert [t.thoughts for t in plain] == [t.thoughts for t in first] == [t.thoughts for t in second]
    assert any(isinstance(one, Propose) and one.without for one in model.asked)


def test_what_an_earlier_version_kept_is_made_anew(tmp_path: Path) -> None:
    jobs = [Job(make("strategies", "mcts:n=30,split=comma"), task(sampling=Sampling(40)), Noise((1,)))]
    plain = Drive(Scripted(rule=digits)).run(jobs)
    cache = Cache(tmp_path / "draws.db")
    Drive(Scripted(rule=digits), cache=cache).run(jobs)
    rows = cache._store.execute("SELECT key, said FROM kept").fetchall()
    for key, text in rows:
        cache._store.execute("UPDATE kept SET said = ? WHERE key = ?", (json.dumps(json.loads(text)[:7]), key))
    model = Scripted(rule=digits)
    assert [t.thoughts for t in Drive(model, cache=cache).run(jobs)] == [t.thoughts for t in plain]
    asked = len(model.asked)
    assert asked
    assert [t.thoughts for t in Drive(model, cache=cache).run(jobs)] == [t.thoughts for t in plain]
    assert len(model.asked) == asked, "and it is kept as this version keeps it"

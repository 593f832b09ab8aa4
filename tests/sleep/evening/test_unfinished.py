"""A night that ends too early, at every stage: held again, it goes on with what it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightschool.errors import NightError
from nightschool.items import Lesson, Prompt
from nightschool.remember.forget import forget
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.sleep import consolidate
from nightschool.sleep.consolidate import sleep_over
from nightschool.sleep.evening import prepare
from nightschool.sleep.evening import unfinished as module
from nightschool.sleep.evening.unfinished import EVENING, REHEARSAL, Unfinished
from nightschool.sleep.nights.ledger import Ledger
from support.evenings import PLAN, TOLD, Pupils, knows, sleeper
from support.learning import Counters, Listening, Studying


class Killed(BaseException):
    """What ends a process at once, as far as one can be ended in a test."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "memories.sqlite") as made:
        for i, text in enumerate(TOLD):
            keep(made, Memory(text, float(i)))
        yield made


def dying(stage: str) -> Listening:
    def at(name: str) -> None:
        if name.startswith(stage):
            raise Killed

    return Listening(at)


@pytest.fixture
def rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything that is weighed or sampled come out otherwise each time, as in bfloat16 in other company."""
    calls = iter(range(10_000))

    def said(*given: Any, **more: Any) -> list[Lesson]:
        turn = next(calls)
        return [Lesson(Prompt(text=f"Once {i}"), f" said {turn}", "rehearsal", weight=0.5) for i in range(5)]

    monkeypatch.setattr(consolidate, "rehearse", said)
    monkeypatch.setattr(prepare, "nats_of", lambda drive, lessons, adapter: [3.0 + next(calls) for _ in lessons])


@pytest.mark.parametrize(
    "stage", ["lessons", "look after, with 100%", "look after, with 50%"], ids=["lessons", "gate", "shrinking"]
)
def test_a_night_that_was_killed_ends_as_one_that_was_not(
    stage: str, store: SqliteStore, tmp_path: Path, rounding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm = 0.9 if "50%" in stage else 0.0  # a gate that refuses goes on to smaller parts of the change
    plan = replace(PLAN, watched_items=250)

    def night(where: str, watch: Listening, pupils: Any) -> Any:
        model = Studying(knows(after=1, harm=harm))
        return sleep_over(sleeper(store, tmp_path / where, model, plan=plan, watch=watch, pupils=pupils))

    monkeypatch.setattr(Ledger, "finish", lambda self, key: None)  # what was kept is read below
    with pytest.raises(Killed):
        night("a", dying(stage), Pupils())
    again = Counters()
    found = night("a", Listening(), lambda wakes: again)
    desk = next((tmp_path / "a" / "nights" / "unfinished").iterdir())
    other = tmp_path / "b" / "nights" / "unfinished" / desk.name
    for name in (EVENING, "lessons.jsonl", REHEARSAL):  # the undisturbed night weighs and samples what this one did
        other.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes((desk / name).read_bytes())
    whole = night("b", Listening(), Pupils())
    assert found.night == whole.night
    assert found.taught.losses == whole.taught.losses
    assert found.tried.shares == whole.tried.shares
    if stage != "lessons":
        assert not again.begun  # no step was taken twice


def test_what_was_weighed_and_sampled_is_read_back(store: SqliteStore, tmp_path: Path, rounding: None) -> None:
    with pytest.raises(Killed):
        sleep_over(sleeper(store, tmp_path, watch=dying("lessons")))
    first = sleeper(store, tmp_path)
    desk = Unfinished(next((first.ledger.folder / "unfinished").iterdir()))
    evening, said = desk.evening(store, ()), desk.rehearsal(list)
    assert evening is not None
    assert len(said) == 5
    found = sleep_over(first)
    assert found.evening == evening
    assert isinstance(first.watch, Listening)
    assert "going on with the night that was interrupted" in first.watch.said
    assert not list((first.ledger.folder / "unfinished").iterdir())


def test_more_time_than_before_goes_on_with_the_same_night(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        sleep_over(sleeper(store, tmp_path, watch=dying("lessons"), plan=replace(PLAN, seconds=900.0)))
    again = sleeper(store, tmp_path, plan=replace(PLAN, seconds=500.0))
    assert sleep_over(again).accepted
    assert "going on with the night that was interrupted" in again.watch.said  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", ["a new fact", "another plan", "a torn file"])
def test_another_evening_begins_anew(change: str, store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        sleep_over(sleeper(store, tmp_path, watch=dying("lessons")))
    plan = PLAN
    if change == "a new fact":
        keep(store, Memory("Ben Molbane plays the harp.", 9.0))
    elif change == "another plan":
        plan = replace(PLAN, passes=2)
    else:
        next((tmp_path / "nights" / "unfinished").glob(f"*/{EVENING}")).write_text('{"chosen": [{"mem')
    again = sleeper(store, tmp_path, plan=plan)
    found = sleep_over(again)
    assert found.accepted, found.reason
    assert "going on with the night that was interrupted" not in again.watch.said  # type: ignore[attr-defined]


def test_what_is_forgotten_leaves_unfinished_nights_too(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        sleep_over(sleeper(store, tmp_path, watch=dying("look after")))
    forget(store, next(m.id for m in store.each() if "Vekburg" in m.content), 60.0)
    sleep_over(sleeper(store, tmp_path))
    kept = [path for path in tmp_path.rglob("*.json*") if "Vekburg" in path.read_text(encoding="utf-8")]
    assert kept == []


@pytest.mark.parametrize("name", ["lessons.jsonl", EVENING, REHEARSAL])
def test_a_full_disk_in_the_evening_leaves_the_old_mind(
    name: str, store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module.write_durably

    def full(path: Path, content: bytes | str) -> None:
        if path.name == name:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(module, "write_durably", full)
    one = sleeper(store, tmp_path)
    with pytest.raises(NightError, match=r"No space left.*the old mind stays"):
        sleep_over(one)
    assert one.ledger.nights() == []
    monkeypatch.setattr(module, "write_durably", write)
    assert sleep_over(sleeper(store, tmp_path)).accepted

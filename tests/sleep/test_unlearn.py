from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nightschool.sleep.nights.ledger as module
from nightschool.errors import NightError
from nightschool.items import Adapter, Lesson, Prompt
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.sleep.unlearn import unlearn
from nightschool.train.adapter_name import CONFIG, WEIGHTS, name_of


def held(ledger: Ledger, folder: Path, memory: str, parent: Night | None = None) -> Night:
    """Return a night that learned one memory, made current."""
    made = folder / memory
    made.mkdir(parents=True)
    (made / WEIGHTS).write_bytes(memory.encode())
    (made / CONFIG).write_text("{}", encoding="utf-8")
    adapter = Adapter(name_of(made, "base"), "base", str(made))
    night = Night(
        base="base", model="scripted", task="memories", adapter=adapter.name, lessons=1, lessons_hash="0", steps=1,
        seed=0, accepted=True, reason="better", created="2026-01-02T03:04:05+00:00", version="0.1.0",
        parent=parent.name if parent else None,
    )  # fmt: skip
    lesson = Lesson(Prompt(text=f"about {memory}"), "so", "memory", memories=frozenset({memory}))
    night = ledger.record(night, adapter, [lesson])
    ledger.switch("base", night.name)
    return night


@pytest.fixture
def lineage(tmp_path: Path) -> tuple[Ledger, list[Night]]:
    ledger = Ledger(tmp_path / "nights")
    first = held(ledger, tmp_path, "a")
    second = held(ledger, tmp_path, "b", first)
    return ledger, [first, second, held(ledger, tmp_path, "c", second)]


def test_all_nights_since_one_learned_it_go(lineage) -> None:
    ledger, (first, second, third) = lineage
    gone = unlearn(ledger, "base", ["b"], third)
    assert gone.night == first
    assert gone.purged == (second.name, third.name)
    assert gone.memories == {"b"}
    assert ledger.current("base") == first
    assert ledger.nights() == [first]
    assert {path.name for path in (ledger.folder / "adapters").iterdir()} == {first.adapter}
    assert {path.stem for path in (ledger.folder / "lessons").iterdir()} == {first.name}


def test_where_the_first_night_learned_it_the_bare_model_wakes(lineage) -> None:
    ledger, nights = lineage
    assert unlearn(ledger, "base", ["a"], nights[-1]).night is None
    assert ledger.current("base") is None
    assert ledger.nights() == []


def test_what_no_night_learned_changes_nothing(lineage) -> None:
    ledger, nights = lineage
    gone = unlearn(ledger, "base", ["x"], nights[-1])
    assert (gone.night, gone.purged) == (nights[-1], ())
    assert ledger.nights() == nights


def test_a_kill_before_the_rows_went_is_made_good(lineage) -> None:
    ledger, (first, second, third) = lineage
    lessons = [ledger.folder / "lessons" / f"{night.name}.jsonl" for night in (second, third)]
    lessons[1].write_text("")  # what a purge leaves that was killed on its way, the child first
    gone = unlearn(ledger, "base", ["b"], third)
    assert gone.night == first
    assert ledger.nights() == [first]


def test_lessons_come_back_as_they_were_recorded(lineage) -> None:
    ledger, nights = lineage
    (lesson,) = ledger.lessons(nights[0])
    assert lesson == Lesson(Prompt(text="about a"), "so", "memory", memories=frozenset({"a"}))
    assert ledger.lineage(nights[-1]) == nights


class Killed(BaseException):
    pass


def killed_at(patch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Have a purge end before its `step`th change of the disk, from 0; return a list that counts those that came."""
    came: list[int] = []

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def one(*args: Any, **more: Any) -> Any:
            if len(came) == step:
                raise Killed
            came.append(step)
            return change(*args, **more)

        return one

    patch.setattr(module.shutil, "rmtree", counted(module.shutil.rmtree))
    patch.setattr(module, "write_durably", counted(module.write_durably))
    patch.setattr(module.Path, "unlink", counted(module.Path.unlink))
    patch.setattr(Ledger, "_writing", counted(Ledger._writing))
    return came


def test_whenever_it_is_killed_nothing_that_grew_from_what_was_forgotten_is_left(tmp_path: Path) -> None:
    for step in range(100):
        ledger = Ledger(tmp_path / f"{step}" / "nights")
        first = held(ledger, tmp_path / f"{step}", "a")
        second = held(ledger, tmp_path / f"{step}", "b", first)
        third = held(ledger, tmp_path / f"{step}", "c", second)
        with pytest.MonkeyPatch.context() as patch:
            came = killed_at(patch, step)
            try:
                unlearn(ledger, "base", ["b"], third)
            except Killed:
                pass
        ledger = Ledger(ledger.folder)  # what is typed next
        unlearn(ledger, "base", ["b"], ledger.current("base"))
        assert ledger.nights() == [first], f"killed before step {step}"
        assert ledger.current("base") == first
        assert {path.name for path in (ledger.folder / "adapters").iterdir()} == {first.adapter}
        assert [path.stem for path in (ledger.folder / "lessons").iterdir() if path.stat().st_size] == [first.name]
        if len(came) < step:
            return
    raise AssertionError("a purge of two nights has no end")


def test_weights_that_cannot_be_removed_are_named(lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, (first, second, third) = lineage
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", lambda path, ignore_errors: None)
        with pytest.raises(NightError, match=rf"cannot remove .*{second.adapter}"):
            unlearn(ledger, "base", ["b"], third)
    unlearn(ledger, "base", ["b"], ledger.current("base"))
    assert ledger.nights() == [first]

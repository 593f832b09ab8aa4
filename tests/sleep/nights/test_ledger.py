"""The ledger of nights under kills, full disks, company and damage: the old mind or the new one, never half."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightschool import paths
from nightschool.errors import NightError, UnknownName
from nightschool.items import Lesson, Prompt
from nightschool.sleep.nights.ledger import Ledger
from nightschool.train.adapter_name import CONFIG, WEIGHTS
from support.nights import BASE, made

CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from support.nights import made
from nightschool.sleep.nights.ledger import Ledger
assert "torch" not in sys.modules
ledger = Ledger(Path(sys.argv[1]))
number = int(sys.argv[3])
print("ready", flush=True)
for i in range(int(sys.argv[4])):
    night, adapter = made(Path(sys.argv[2]), f"{{number}}-{{i}}")
    name = ledger.record(night, adapter, []).name
    ledger.switch("b1", name)
    print(name, flush=True)
"""


def child(ledger: Path, scratch: Path, number: int, count: int) -> subprocess.Popen[str]:
    """Return a process that records and switches to `count` nights, one after another, printing their names."""
    script = CHILD.format(tests=str(Path(__file__).parent.parent.parent))
    command = [sys.executable, "-c", script, str(ledger), str(scratch), str(number), str(count)]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_kill_at_any_point_leaves_the_old_mind_or_the_new(tmp_path: Path) -> None:
    chance = random.Random(0)
    folder = tmp_path / "nights"
    said: list[str] = []
    for number in range(20):
        with child(folder, tmp_path, number, 10_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.02 * (number + 1)))  # later and later: a busy machine gets there too
            process.kill()
            names = [line.strip() for line in process.stdout if line.endswith("\n")]
        assert process.returncode == -9
        ledger = Ledger(folder)
        known = [night.name for night in ledger.nights()]
        assert [name for name in names if name not in known] == []
        said += names
        current = ledger.current(BASE)
        assert current is not None or not said
        if current is not None:
            # what was said to be switched to stays in force, unless the one being switched to already was
            assert known.index(current.name) >= max((known.index(name) for name in said), default=0)
            assert ledger.adapter(current).name == current.adapter
    for night in ledger.nights():
        assert ledger.adapter(night).name == night.adapter
    assert said


def test_the_next_night_goes_where_a_kill_left_things(tmp_path: Path) -> None:
    """The files of a night without its row, as a kill between the two leaves them, do not hinder the same night."""
    ledger = Ledger(tmp_path / "nights")
    night, adapter = made(tmp_path, "w")
    ledger.record(night, adapter, [])
    with sqlite3.connect(tmp_path / "nights" / "ledger.sqlite") as db:
        db.execute("DELETE FROM nights")
    db.close()
    assert ledger.nights() == []
    name = ledger.record(night, adapter, []).name
    ledger.switch(BASE, name)
    current = ledger.current(BASE)
    assert current is not None
    assert current.name == name


def test_a_full_disk_at_any_point_leaves_the_old_mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "nights")
    old = ledger.record(*made(tmp_path, "old"), [])
    ledger.switch(BASE, old.name)
    verbs = (("fsync", os), ("fdopen", os), ("mkdir", os), ("copyfile", shutil), ("rename", Path), ("replace", Path))
    failures = 0
    for verb, holder in verbs:
        for place in range(50):
            new, adapter = made(tmp_path, f"new-{verb}-{place}")
            left, real = place, getattr(holder, verb)

            def fail(*words, real=real, **more):
                nonlocal left
                left -= 1
                if left == -1:
                    raise OSError(28, "No space left on device")
                return real(*words, **more)

            with monkeypatch.context() as patch:
                patch.setattr(holder, verb, fail)
                try:
                    ledger.record(new, adapter, [])
                except (NightError, OSError):
                    failures += 1
                    failed = True
                else:
                    failed = False
            current = ledger.current(BASE)
            assert current == old
            assert ledger.adapter(old).name == old.adapter
            assert [night.name for night in ledger.nights() if night.name == new.named().name] == [] or not failed
            assert not list((tmp_path / "nights").rglob(".*"))
            if left >= 0:  # the failure was beyond the last call
                break
            ledger.record(new, adapter, [])
    assert failures >= 12


def test_a_full_disk_speaks_as_an_error_of_nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "nights")
    night, adapter = made(tmp_path, "w")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NightError, match=r"No space left.*the old mind stays"):
        ledger.record(night, adapter, [])


def test_a_database_that_cannot_be_written_leaves_the_old_mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "nights")
    old, new = (ledger.record(*made(tmp_path, weights), []) for weights in ("old", "new"))
    ledger.switch(BASE, old.name)
    with sqlite3.connect(tmp_path / "nights" / "ledger.sqlite") as db:
        db.execute("CREATE TRIGGER full BEFORE UPDATE ON current BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    db.close()
    with pytest.raises(NightError, match="disk is full; the old mind stays"):
        ledger.switch(BASE, new.name)
    assert ledger.current(BASE) == old


def test_two_processes_use_one_ledger_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    both = [child(folder, tmp_path, number, 8) for number in (1, 2)]
    said = []
    for process in both:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        said += out.splitlines()[1:]
    ledger = Ledger(folder)
    assert sorted(night.name for night in ledger.nights()) == sorted(said)
    assert len(said) == 16
    current = ledger.current(BASE)
    assert current is not None
    assert current.name in (said[7], said[15])


def test_recording_twice_is_recording_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    lesson = Lesson(Prompt(text="2 1"), "1 2", "practice", frozenset({"b", "a"}))
    first, second = (ledger.record(*made(tmp_path, "w"), [lesson]) for _ in range(2))
    assert first == second
    assert ledger.nights() == [first]
    lines = (tmp_path / "nights" / "lessons" / f"{first.name}.jsonl").read_text().splitlines()
    assert [json.loads(line)["keys"] for line in lines] == [["a", "b"]]


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "nights")
    with sqlite3.connect(tmp_path / "nights" / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(NightError, match=r"version 99.*upgrade"):
        Ledger(tmp_path / "nights")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "nights"):
        with pytest.raises(NightError, match="NIGHTSCHOOL_HOME"):
            Ledger(folder)
    (tmp_path / "nights").mkdir()
    (tmp_path / "nights" / "ledger.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(NightError, match="not a database"):
        Ledger(tmp_path / "nights")


@pytest.mark.parametrize("harm", ["changed", "cut", "gone", "no weights", "no text", "manifest", "no manifest"])
def test_damaged_files_are_never_woken(harm: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    old, new = (ledger.record(*made(tmp_path, weights), []) for weights in ("old", "new"))
    ledger.switch(BASE, old.name)
    adapter = tmp_path / "nights" / "adapters" / new.adapter
    manifest = tmp_path / "nights" / "manifests" / f"{new.name}.json"
    if harm == "changed":
        (adapter / WEIGHTS).write_bytes(b"x" + (adapter / WEIGHTS).read_bytes()[1:])
    elif harm == "cut":
        (adapter / WEIGHTS).write_bytes((adapter / WEIGHTS).read_bytes()[:-1])
    elif harm == "gone":
        adapter.rename(tmp_path / "elsewhere")
    elif harm == "no weights":
        (adapter / WEIGHTS).unlink()
    elif harm == "no text":
        (adapter / CONFIG).write_bytes(b"\xff\xfe")
    elif harm == "manifest":
        manifest.write_text(manifest.read_text().replace('"better"', '"best"'))
    else:
        manifest.unlink()
    with pytest.raises(NightError, match=new.name):
        ledger.switch(BASE, new.name)
    assert ledger.current(BASE) == old


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "{}", '{"base": 1}'])
def test_a_manifest_that_is_none_is_said(text: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    night = ledger.record(*made(tmp_path, "w"), [])
    (tmp_path / "nights" / "manifests" / f"{night.name}.json").write_text(text)
    with pytest.raises(NightError):
        ledger.find(night.name)


def test_a_damaged_adapter_is_replaced_by_recording_its_night_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    night = ledger.record(*made(tmp_path, "w"), [])
    (tmp_path / "nights" / "adapters" / night.adapter / WEIGHTS).write_bytes(b"")
    ledger.record(*made(tmp_path, "w"), [])
    ledger.switch(BASE, night.name)
    assert ledger.current(BASE) == night


def test_an_adapter_that_is_not_what_it_is_called_is_not_recorded(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    night, adapter = made(tmp_path, "w")
    (Path(adapter.path) / WEIGHTS).write_bytes(b"other")
    with pytest.raises(NightError, match="hash"):
        ledger.record(night, adapter, [])
    assert ledger.nights() == []


def test_the_beginning_of_a_name_finds_a_night_unless_it_begins_several(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    nights = [ledger.record(*made(tmp_path, f"w{i}"), []) for i in range(17)]
    for night in nights:
        assert ledger.find(night.name) == night
        assert ledger.find(night.name[:12]) == night
    firsts = [night.name[0] for night in nights]
    shared = next(first for first in firsts if firsts.count(first) > 1)  # 17 names begin with 16 digits
    with pytest.raises(NightError, match=f"begins {firsts.count(shared)} nights"):
        ledger.find(shared)
    for unknown in ("", "nothing"):
        with pytest.raises(UnknownName):
            ledger.find(unknown)


def test_none_wakes_the_bare_model(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    night = ledger.record(*made(tmp_path, "w"), [])
    ledger.switch(BASE, None)
    assert ledger.current(BASE) is None
    ledger.switch(BASE, night.name)
    ledger.switch(BASE, None)
    assert ledger.current(BASE) is None
    assert ledger.nights() == [night]


def test_a_night_wakes_in_its_model_and_its_space_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    night = ledger.record(*made(tmp_path, "w"), [])
    with pytest.raises(NightError, match="another content"):
        ledger.switch("b2", night.name)
    ledger.switch(BASE, night.name)
    other = Ledger(tmp_path / "nights", "other")
    assert other.current(BASE) is None
    assert other.nights() == []
    with pytest.raises(UnknownName):
        other.switch(BASE, ledger.nights()[0].name)
    assert ledger.current("b2") is None
    assert ledger.nights("b2") == []


def test_an_unfinished_night_is_known_until_it_is_finished(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "nights")
    assert not ledger.is_unfinished("key")
    paths.write_durably(ledger.unfinished("key") / "term.json", "{}")
    assert ledger.is_unfinished("key")
    ledger.finish("key")
    ledger.finish("key")
    assert not ledger.is_unfinished("key")

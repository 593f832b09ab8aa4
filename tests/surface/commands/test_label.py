"""`nightschool label`, with keys pressed by the test and the exact fake for a model."""

from __future__ import annotations

import json
import random
from pathlib import Path

import click
import pytest

from nightschool.critics.learning.labels import Label, label_row
from nightschool.surface.cli import run
from nightschool.surface.commands import label as command


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, word in (("a", "please"), ("b", "now")):
        rows = ({"input": f"say {i}", "answer": f"open door {i} {word}"} for i in range(20))
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def press(monkeypatch: pytest.MonkeyPatch, keys: list[str] | None = None) -> list[str]:
    """Sit at a terminal and press these keys, or always the one at the polite answer; return what was shown."""
    monkeypatch.setattr(command.sys, "stdin", Terminal())
    monkeypatch.setattr(command.sys, "stderr", Terminal())
    shown: list[str] = []
    monkeypatch.setattr(click, "echo", lambda text="", **_: shown.append(str(text)))

    def getchar() -> str:
        if keys is not None:
            if not keys:
                raise KeyboardInterrupt
            return keys.pop(0)
        left = next(text for text in reversed(shown) if text.startswith("\n[1]"))
        return "1" if "please" in left else "2"

    monkeypatch.setattr(click, "getchar", getchar)
    return shown


class Terminal:
    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def test_without_a_terminal_nothing_is_asked(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["label", "a.jsonl", "b.jsonl"]) == 2
    assert "no terminal to ask at" in capsys.readouterr().err
    assert not (files / "labels.jsonl").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["label", "a.jsonl"], "compare what with what"),
        (["label"], "nothing to do"),
        (["label", "--learn", "c.json", "--question", "ok?"], "add --features judge"),
        (["label", "--learn", "c.json"], "cannot read labels"),
        (["label", "a.jsonl", "none.jsonl"], "cannot read answers"),
    ],
)
def test_what_makes_no_sense_is_said(
    files: Path, line: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 2
    assert said in capsys.readouterr().err


def test_a_person_judges_blind_stops_goes_on_and_a_critic_learns(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = press(monkeypatch, ["x", "1", "s", "0", "2"])
    assert run(["label", "a.jsonl", "b.jsonl"]) == 0
    assert len((files / "labels.jsonl").read_text().splitlines()) == 3
    assert not any("a.jsonl" in text for text in shown[:-1]), "whose answer it is is not shown"
    press(monkeypatch)
    (files / "labels.jsonl").unlink()
    shown = press(monkeypatch)
    assert run(["label", "a.jsonl", "b.jsonl", "--learn", "c.json", "--json"]) == 0
    told = json.loads(shown[-1])
    assert told["chose_a"]["value"] == 1.0
    assert told["all"] == told["judged"] == 20
    assert told["learned"]["held_out"]["value"] > 0.8
    assert told["learned"]["before"] is None


@pytest.mark.parametrize("features", ["text", "hidden", "judge"])
def test_a_critic_learns_from_a_file_and_guides_a_search(
    files: Path, features: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(0)
    labels = []
    for i in range(40):
        words = " ".join(dice.choices(["open", "door", "here"], k=4))
        labels.append(Label({"q": f"say {i}"}, f"{words} zzzzzz" if i % 2 else words, wanted=bool(i % 2)))
    Path("labels.jsonl").write_text("\n".join(json.dumps(label_row(label)) for label in labels[:30]))
    line = ["label", "--learn", "c.json", "--features", features, "--model", "scripted", "--json"]
    assert run(line) == 0
    learned = json.loads(capsys.readouterr().out)["learned"]
    assert learned["labels"] == 30
    if features != "judge":  # the fake has no opinion
        assert learned["held_out"]["low"] > 0.6
    Path("labels.jsonl").write_text("\n".join(json.dumps(label_row(label)) for label in labels))
    assert run(line) == 0
    assert json.loads(capsys.readouterr().out)["learned"]["before"]["n"] == 10
    think = ["think", "say it", "--strategy", "best-of-n:n=3", "--critic", learned["critic"], "--model", "scripted"]
    assert run([*think, "--max-tokens", "8", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["answers"]
    assert said["errors"] == []
    assert said["verdict"]["score"] == max(thought["verdict"]["score"] for thought in said["thoughts"])


def test_a_model_is_asked_for_what_it_can(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [label_row(Label({"q": str(i)}, f"a {i}", f"b {i}")) for i in range(12)]
    Path("labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run(["label", "--learn", "c.json"]) == 0
    out = capsys.readouterr().out
    assert "learned from 12 judgements" in out
    assert "nightschool think --critic learned:path=c.json" in out

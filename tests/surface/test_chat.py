from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSCHOOL_HOME", str(tmp_path / "home"))


def chat(monkeypatch: pytest.MonkeyPatch, *lines: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))
    return run(["chat", "--model", "scripted:answers=aye", "--embedder", "none"])


def memories(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    capsys.readouterr()
    assert run(["ls", "memories", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["memories"]


def test_a_chat_answers_and_what_was_said_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chat(monkeypatch, "the key is under the pot", "/remember call me Bo", "where is the key?", "/why") == 0
    out = capsys.readouterr().out
    assert out.count("aye\n") == 2
    assert "kept as " in out
    assert {memory["content"] for memory in memories(capsys)} == {
        "the key is under the pot", "aye", "call me Bo", "where is the key?"
    }  # fmt: skip
    assert chat(monkeypatch, "and where is the key now?", "/why") == 0
    out = capsys.readouterr().out
    assert "the key is under the pot" in out
    assert "found by words" in out


def test_what_is_forgotten_is_gone_and_what_is_wrong_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chat(monkeypatch, "a secret thing")
    (secret,) = [memory for memory in memories(capsys) if memory["source"] == "user"]
    assert chat(monkeypatch, "/nonsense", f"/forget {secret['id']}", "/forget 0000", "hello", "/quit", "not read") == 0
    captured = capsys.readouterr()
    assert "no command /nonsense" in captured.err
    assert "no memory called '0000'" in captured.err
    assert "forgotten" in captured.out
    contents = {memory["content"] for memory in memories(capsys)}
    assert "a secret thing" not in contents
    assert "hello" in contents
    assert "not read" not in contents


def test_a_chat_is_no_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chat", "--json"]) == 2
    assert "nightschool think" in capsys.readouterr().err

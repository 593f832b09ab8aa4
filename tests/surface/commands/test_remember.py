from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run

PLAIN = ["--embedder", "none"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSCHOOL_HOME", str(tmp_path / "home"))


def kept(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert run(["remember", *args, *PLAIN]) == 0
    return capsys.readouterr().out.strip()


def test_what_is_remembered_is_recalled_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    id = kept(capsys, "The spare key is under the blue pot.")
    kept(capsys, "We had soup.", "--who", "Ann")
    assert run(["recall", "where is the key?", "--explain", *PLAIN]) == 0
    out = capsys.readouterr().out
    assert out.startswith(" 1. The spare key is under the blue pot.")
    assert id in out
    assert "found by words" in out
    assert run(["recall", "key", "--json", *PLAIN]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["memories"][0]["memory"]["id"] == id
    assert data["memories"][0]["parts"]["words"] > 0


def test_a_newer_fact_comes_first_and_the_older_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    old = kept(capsys, "My phone number is 111.")
    assert run(["remember", "My phone number is 222.", *PLAIN]) == 0
    assert f"supersedes {old}" in capsys.readouterr().err
    run(["recall", "what is my phone number?", *PLAIN])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [" 1. My phone number is 222.", " 2. My phone number is 111.  (superseded)"]


def test_spaces_do_not_see_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    kept(capsys, "a secret of Ann", "--space", "ann")
    assert run(["recall", "secret", "--space", "bo", *PLAIN]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing is kept in the space 'bo'" in captured.err


def test_memories_are_listed_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = kept(capsys, "one thing"), kept(capsys, "another thing", "--mark")
    assert run(["ls", "memories"]) == 0
    out = capsys.readouterr().out
    assert out.index(second) < out.index(first)
    assert "marked" in out
    assert run(["forget", first[:8]]) == 0
    assert first in capsys.readouterr().out
    run(["ls", "memories", "--json"])
    data = json.loads(capsys.readouterr().out)
    assert [memory["id"] for memory in data["memories"]] == [second]
    assert run(["forget", first]) == 2


def test_what_helped_is_strengthened(capsys: pytest.CaptureFixture[str]) -> None:
    id = kept(capsys, "The spare key is under the blue pot.")
    assert run(["recall", "key", "--useful", id[:6], *PLAIN]) == 0
    assert f"strengthened: {id}" in capsys.readouterr().err
    run(["ls", "memories", "--json"])
    assert json.loads(capsys.readouterr().out)["memories"][0]["strength"]["reviews"] == 1


def test_memories_move_as_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept(capsys, "to be moved")
    file = str(tmp_path / "out.jsonl")
    assert run(["remember", "--export", file]) == 0
    assert run(["remember", "--import", file, "--space", "other"]) == 0
    assert "1 memories added" in capsys.readouterr().out
    Path(file).write_text("nonsense\n")
    assert run(["remember", "--import", file]) == 2
    assert "nothing was imported" in capsys.readouterr().err


def test_odd_input_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"abc\xff")

    monkeypatch.setattr("sys.stdin", Stdin)
    assert run(["remember", "-", *PLAIN]) == 2
    assert "byte 0xff at 3" in capsys.readouterr().err
    for args in (["remember", " "], ["remember"], ["remember", "a", "--export", "b"], ["recall", " "],
                 ["remember", "a", "--space", "../b"], ["ls", "memorys"]):  # fmt: skip
        assert run(args) == 2, args
        assert capsys.readouterr().err.count("\n") == 1


def test_an_embedder_that_cannot_be_had_loses_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightschool.errors import ModelNotFound

    def absent(*_: object) -> None:
        raise ModelNotFound("there is no network")

    monkeypatch.setattr("nightschool.remember.embed.named.open_embedder", absent)
    assert run(["remember", "kept all the same"]) == 0
    assert "by words alone" in capsys.readouterr().err
    assert run(["recall", "kept"]) == 0
    assert "kept all the same" in capsys.readouterr().out

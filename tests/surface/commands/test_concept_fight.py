"""`nightschool concept fight`: the verdict, the culprits, the report that `serve` shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_purple_jar_goes_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "fight", "a purple jar", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["holds"]
    assert {one["name"] for one in told["concepts"]} == {"purple", "jar"}
    [colour] = [one for one in told["ports"] if one["name"] == "colour"]
    assert max(colour["values"], key=colour["values"].get) == "purple"
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "<caption>port <b>colour</b></caption>" in page
    assert "http" not in page
    assert "width=device-width" in page
    kept = json.loads(Path("report/recognition.json").read_text(encoding="utf-8"))
    assert kept["fights"][0]["said"] == told["said"]


def test_stationary_dancing_is_refused_and_the_culprits_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "fight", "stationary dancing"]) == 1
    assert "stationary and dancing contradict each other on motion" in capsys.readouterr().out


def test_words_that_were_defined_take_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "add", "--text", "A zorp is a purple jar."]) == 0
    capsys.readouterr()
    assert run(["concept", "fight", "a red zorp", "--json"]) == 1
    [conflict] = json.loads(capsys.readouterr().out)["conflicts"]
    assert (conflict["first"], conflict["second"], conflict["port"]) == ("red", "zorp", "colour")


def test_what_was_seen_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "fight", "--seen", "colour=purple", "--seen", "shape=jar", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "purple" in {one["name"] for one in told["concepts"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], 'type: nightschool concept fight "purple jar"'),
        ([" "], 'type: nightschool concept fight "purple jar"'),
        (["gromp"], "says nothing in known words"),
        (["--seen", "smell=sweet"], "no port called 'smell'"),
        (["--seen", "colour"], "no colour called ''"),
        (["--seen", "colour=red", "--seen", "colour=blue"], "--seen tells colour twice, red and blue"),
    ],
)
def test_what_cannot_fight_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "fight", *words]) == 2
    assert said in capsys.readouterr().err

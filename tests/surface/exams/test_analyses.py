"""Which analyses a line on the terminal asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.errors import UnknownName
from nightschool.surface.cli import run
from nightschool.surface.exams.analyses import DEFAULT, chosen


def test_the_default_ones_ask_the_model_nothing_more() -> None:
    assert [each.name for each in chosen(None)] == list(DEFAULT)
    assert not any(each.asks for each in chosen(None))


def test_a_head_brings_its_reading_with_it() -> None:
    assert [each.name for each in chosen(None, ["zero-shot", "head:n=64"])] == [*DEFAULT, "elicited"]


def test_named_ones_come_in_their_order_and_none_is_none() -> None:
    assert [each.name for each in chosen("drift:items=4,prompt-noise:formats=50")] == ["drift", "prompt-noise"]
    assert chosen("none") == ()
    with pytest.raises(UnknownName, match="failures"):
        chosen("failure")


def test_findings_are_in_the_table_the_json_and_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["exam", "copying:kind=all,n=3", "--items", "10", "--model", "scripted", "--rungs", "zero-shot"]
    line += ["--wordings", "2", "--report", str(tmp_path), "--look", "failures,horizon"]
    assert run(line) == 0
    assert "Not understood, or not able:" in capsys.readouterr().out
    told = json.loads((tmp_path / "report.json").read_text())
    assert [found["name"] for found in told["exam"]["findings"]] == ["failures", "horizon"]
    assert "what the failures are" in (tmp_path / "index.html").read_text()

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from nightschool.items import Score, Split
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import answer, remark


@dataclass(frozen=True)
class Page:
    at: Path
    score: Score


def test_json_writes_one_object_of_plain_data(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"page": Page(Path("a/b"), Score(0.5, 0.4, 0.6, 10)), "split": Split.EXAM, "names": {"é"}}
    answer(Settings(json=True), "not this", data)
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "page": {"at": "a/b", "score": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}},
        "split": "exam",
        "names": ["é"],
    }
    assert err == ""


def test_text_goes_to_stdout_and_remarks_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    answer(Settings(), "42", {"answer": "42"})
    remark(Settings(), "took 3 s")
    remark(Settings(quiet=True), "unheard")
    assert capsys.readouterr() == ("42\n", "took 3 s\n")


def test_not_a_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        answer(Settings(json=True), "", {"loss": float("nan")})

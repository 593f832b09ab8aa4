"""`nightschool view` on reports that `nightschool exam` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run

LINE = ["exam", "sorting:n=3,low=1,high=9", "--items", "12", "--rungs", "control,zero-shot", "--wordings", "2", "-q"]


@pytest.fixture
def reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return two folders with reports of the exact fake, which says one thing and another."""
    for name, model in (("a", "scripted"), ("b", "scripted:answers=3")):
        assert run([*LINE, "--model", model, "--report", str(tmp_path / name)]) == 0
    capsys.readouterr()
    return str(tmp_path / "a"), str(tmp_path / "b")


def test_two_reports_are_compared_item_by_item(reports: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", *reports, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["reports"]) == list(reports)
    assert {pair["row"] for pair in told["pairs"]} >= {"zero-shot", "control"}
    for pair in told["pairs"]:
        assert pair["comparison"]["n"] == 12
        assert 0 < pair["power"] < 1
        assert pair["needed"] > 12


def test_the_table_names_reports_and_pairs(reports: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", *reports, "--rungs", "zero-shot"]) == 0
    out, err = capsys.readouterr()
    assert f"{reports[1]} against {reports[0]}" in out
    assert "p (Holm)" in out
    assert "says little" in err


def test_one_report_is_shown(reports: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", f"{reports[0]}/report.json"]) == 0
    assert "zero-shot" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nowhere"], "cannot read the report nowhere"),
        (["{a}", "{a}"], "named twice"),
        (["{a}", "{b}", "--rungs", "lora"], "they hold"),
        (["{a}/index.html"], "not JSON"),
        ([], "REPORT"),
    ],
)
def test_what_cannot_be_viewed_is_said(
    names: list[str], said: str, reports: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    line = [name.replace("{a}", reports[0]).replace("{b}", reports[1]) for name in names]
    assert run(["view", *line]) == 2
    assert said in capsys.readouterr().err


def test_a_report_is_handed_on_to_inspect_and_to_a_data_frame(
    reports: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["view", reports[0], "--inspect", str(tmp_path / "logs"), "--table", str(tmp_path / "t.csv")]) == 0
    logs = [json.loads(file.read_text()) for file in (tmp_path / "logs").iterdir()]
    assert any(log["eval"]["task"].endswith("/zero-shot") for log in logs)
    assert "inspect view" in capsys.readouterr().err
    assert (tmp_path / "t.csv").read_text().startswith("task,model")
    assert run(["view", *reports, "--table", str(tmp_path / "t.csv")]) == 2
    assert run(["view", reports[0], "--table", str(tmp_path / "t.parquet")]) == 2

import json
from typing import Any

import pytest

from nightschool.errors import BadFile
from nightschool.exam import ExamReport, open_rungs, sit
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from support.answering import right_for_even, sometimes
from support.sittings import sat
from support.tiny_worlds import Doubling


@pytest.fixture(scope="module")
def report() -> ExamReport:
    world = Doubling()
    rungs = open_rungs(["zero-shot", "few-shot:k=1", "search:n=4", "lora"])
    return sit(world, Scripted(sometimes), world.items(Split.EXAM, 8), rungs, seed=2, workers=0)


def test_json_holds_what_the_command_line_promises(report: ExamReport) -> None:
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert {"task", "model", "seed", "items", "comparisons", "warnings", "version"} <= data.keys()
    for row in data["rungs"]:
        assert {"name", "accuracy", "low", "high", "n", "tokens", "seconds"} <= row.keys()


def test_json_comes_back_as_it_went(report: ExamReport) -> None:
    assert ExamReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_prompt_is_written_once(report: ExamReport) -> None:
    data = report.to_json()
    assert len(set(data["prompts"])) == len(data["prompts"]) == 8 * 3  # two wordings, and one with an example
    record = data["rungs"][0]["records"][0]
    assert data["prompts"][record["prompt"]] == report.rungs[0].records[0].prompt


def spoil_schema(data: dict[str, Any]) -> None:
    data["schema"] = 99


def spoil_accuracy(data: dict[str, Any]) -> None:
    data["rungs"][0]["accuracy"] = "good"


def spoil_prompts(data: dict[str, Any]) -> None:
    data["prompts"] = []


def lose_rungs(data: dict[str, Any]) -> None:
    del data["rungs"]


@pytest.mark.parametrize("spoil", [spoil_schema, spoil_accuracy, spoil_prompts, lose_rungs])
def test_what_is_no_report_is_refused(report: ExamReport, spoil: Any) -> None:
    data = json.loads(json.dumps(report.to_json()))
    spoil(data)
    with pytest.raises(BadFile):
        ExamReport.from_json(data)


def test_an_unknown_row_is_a_key_error(report: ExamReport) -> None:
    with pytest.raises(KeyError):
        report.row("telepathy")


def test_findings_come_back_from_json_as_they_were() -> None:
    report = sat(
        Doubling(), Scripted(right_for_even), rungs=("zero-shot", "vote:n=4"),
        look=("failures", "structure", "curation", "calibration", "horizon"), items=30,
    )  # fmt: skip
    assert [found.name for found in report.findings if found.unavailable] == ["horizon"]
    again = ExamReport.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False)))
    for own, read in zip(report.findings, again.findings, strict=True):
        assert (own.sentence, own.notes, own.columns, own.table) == (
            read.sentence,
            read.notes,
            read.columns,
            read.table,
        )
        assert own.drawings == read.drawings


def test_a_report_without_findings_is_read() -> None:
    data = json.loads(json.dumps(sat(Doubling(), Scripted(right_for_even)).to_json()))
    del data["findings"]  # as written before there were any
    assert ExamReport.from_json(data).findings == ()

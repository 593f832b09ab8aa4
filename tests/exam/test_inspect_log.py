from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from nightschool.exam import ExamReport
from nightschool.exam.frame import COLUMNS, as_csv, as_jsonl
from nightschool.exam.inspect_log import logs
from nightschool.models.scripted import Scripted
from support.answering import right_for_even
from support.sittings import sat
from support.tiny_worlds import Doubling

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def report() -> ExamReport:
    return sat(Doubling(), Scripted(right_for_even), rungs=("zero-shot", "lora"), items=20)


def test_each_measured_way_is_a_log_with_its_samples(report):
    found = logs(report, NOW)
    assert len(found) == 3  # two wordings and their mean; lora could not be had
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    plain = next(log for log in found.values() if log["eval"]["task"] == "doubling/zero-shot")
    assert plain["results"]["scores"][0]["metrics"]["accuracy"]["value"] == report.row("zero-shot").accuracy
    assert [sample["id"] for sample in plain["samples"]] == [item.id for item in report.items]
    scores = [sample["scores"]["nightschool"]["value"] for sample in plain["samples"]]
    assert sum(scores) / len(scores) == report.row("zero-shot").accuracy
    assert all(sample["target"] == item.target for sample, item in zip(plain["samples"], report.items, strict=True))


def test_a_missing_answer_is_an_error_of_its_sample_and_no_score():
    broken = sat(Doubling(), Scripted("no", faults=lambda ask: "refuse"), items=4)
    rows = [row for row in broken.rungs if row.records]
    assert rows
    assert not logs(broken, NOW)  # nothing was measured


def test_the_table_has_a_line_for_each_answer(report):
    lines = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert tuple(lines[0]) == COLUMNS
    assert len(lines) == sum(len(row.records) for row in report.rungs)
    ours = [float(line["outcome"]) for line in lines if line["row"] == "zero-shot"]
    assert sum(ours) / len(ours) == report.row("zero-shot").accuracy
    assert [json.loads(line)["item"] for line in as_jsonl(report).splitlines()] == [line["item"] for line in lines]


def test_inspect_itself_reads_the_logs(report, tmp_path):
    log = pytest.importorskip("inspect_ai.log", reason="pip install inspect-ai")
    for name, data in logs(report, NOW).items():
        (tmp_path / name).write_text(json.dumps(data))
        read = log.read_eval_log(str(tmp_path / name))
        assert len(read.samples) == 20

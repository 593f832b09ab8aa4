"""What a day says of itself, as JSON and as a page."""

from __future__ import annotations

import json

import pytest

from nightschool.day import recommend
from nightschool.day.curriculum import Place, Tally
from nightschool.day.recommend import Offer, Recommendation
from nightschool.day.result import DayReport
from nightschool.day.term import Round, Term
from nightschool.exam import Comparison, Row
from nightschool.exam.report import write
from nightschool.exam.rung import Way
from nightschool.items import Adapter, Lesson, Prompt, Usage, split_of
from nightschool.sleep.gate.decide import WatchedTask, WatchedText, decide

KEY = next(f"k{i}" for i in range(100) if split_of(f"k{i}") == "practice")
LESSONS = tuple(Lesson(Prompt(text=f"{i}?"), f"{i}", "practice", frozenset({KEY})) for i in range(4))


def one_round(level, passed, losses):
    return Round(
        level, Place(0, 0), Tally(32, passed, 8, 5), Tally(32, 2, 8, 2), {level: Tally(24, 3, 6, 2)},
        Usage(prompt_tokens=90, sampled_tokens=100, calls=8), 2, losses, 1.5, 2.5,
    )  # fmt: skip


def whole():
    report = DayReport("tiny", "abc", "doubling", 7, {"exam_items": 40})
    report.before = Row("zero-shot", "zero-shot", accuracy=0.1, low=0.05, high=0.2, n=40)
    report.after = Row("zero-shot", "zero-shot", accuracy=0.9, low=0.8, high=0.95, n=40)
    report.change = Comparison("zero-shot", "zero-shot", 40, 0.8, 0.6, 0.9, 32, 0, 1e-9)
    rounds = (one_round("easy", 10, (2.0, 1.5)), one_round("hard", 20, (1.2, 0.9, 0.5)))
    report.term = Term(rounds, LESSONS, Adapter("a1", "abc", "/somewhere"), "rounds")
    watched = [WatchedTask("arithmetic", [True, False] * 20, [True, False] * 20)]
    text = [WatchedText("plain text", [2.0, 2.1, 2.2], [2.0, 2.1, 2.21], [100, 100, 100])]
    report.decision = decide([False] * 40, [True] * 40, watched, text)
    test = recommend.Test("zero-shot", 0.9, 0.8, 40, 0.01, 0.025, True)
    offer = Offer("zero-shot after the night", "zero-shot", Way("plain", adapter="a1"), 0.9, 42.0, "tokens", True)
    report.advice = Recommendation(offer, 0.7, True, (test,), None, "use it")
    report.mind_file = "report/mind.toml"
    report.seconds = {"exam before": 1.0, "practice and lessons": 8.0}
    return report


def test_a_whole_day_has_all_that_programs_rely_on():
    told = json.loads(json.dumps(whole().to_json(), allow_nan=False))
    for side in ("before", "after"):
        assert set(told[side]) == {"accuracy", "low", "high", "n"}
    assert told["p_value"] == 1e-9
    assert (told["model"], told["task"], told["seed"]) == ("tiny", "doubling", 7)
    practice = told["practice"]
    assert (practice["items"], practice["solved"], practice["tokens"], practice["seconds"]) == (16, 10, 200, 3.0)
    assert [each["control_passed"] for each in practice["rounds"]] == [2, 2]
    sleep = told["sleep"]
    assert (sleep["lessons"], sleep["steps"], sleep["seconds"], sleep["adapter"]) == (4, 5, 5.0, "a1")
    assert told["gate"]["accepted"] is True
    assert told["gate"]["reason"]
    first = told["watched"][0]
    assert (first["name"], first["before"], first["after"]) == ("arithmetic", 0.5, 0.5)
    assert told["recommendation"]["target"] == 0.7
    assert told["mind"] == "report/mind.toml"


def test_a_day_that_did_nothing_yet_claims_nothing():
    told = json.loads(json.dumps(DayReport("tiny", "abc", "doubling", 0, {}).to_json(), allow_nan=False))
    assert (told["before"], told["after"], told["p_value"], told["recommendation"]) == (None, None, None, None)
    assert told["gate"] == {"accepted": False, "reason": "there was no night", "p_value": None}
    assert told["practice"]["items"] == 0
    assert told["sleep"]["adapter"] is None


def test_a_row_without_answers_has_no_score():
    report = DayReport("tiny", "abc", "doubling", 0, {})
    report.before = Row("zero-shot", "zero-shot", missing=40)
    assert report.to_json()["before"] is None


def test_the_page_marks_where_rounds_began():
    page = whole().to_page()
    assert page["sleep"]["losses"] == [2.0, 1.5, 1.2, 0.9, 0.5]
    assert page["sleep"]["marks"] == [0, 2]
    assert page["sleep"]["sources"] == {"practice": 4}
    assert page["recommendation"]["command"] == "nightschool think --mind report/mind.toml INPUT"
    assert page["gate"]["text_tokens"] == 300
    assert page["gate"]["margin"] == 0.1
    assert page["change"]["gained"] == 32


@pytest.mark.parametrize("report", [whole(), DayReport("tiny", "abc", "doubling", 0, {}, partial=True)])
def test_the_page_can_be_written(tmp_path, report):
    page = write(tmp_path, report.to_page())
    assert "doubling" in page.read_text(encoding="utf-8")


def test_failures_and_advice_are_shown_where_nothing_was_solved():
    report = DayReport("tiny", "abc", "doubling", 0, {})
    report.term = Term(stopped="nothing solved", failures=(("3", "no", "twice 3"),))
    assert "--draws" in report.to_json()["gate"]["reason"]
    page = report.to_page()
    assert page["failures"] == [{"inputs": {"input": "3"}, "answer": "no", "feedback": "twice 3"}]
    assert "solved nothing" in page["practice"]["note"]

"""Beside before and after stands whether the night taught by heart, and what carries over."""

import json

from nightschool.day.run import run_day
from nightschool.day.understood import look_past_practice
from nightschool.drive import Budget
from nightschool.worlds.sorting import Sorting

from .test_run import day_of


def test_a_day_tells_what_carries_over_past_what_was_practised(tmp_path):
    report = run_day(day_of(tmp_path, world=Sorting(n=4), understood_items=32))
    told = {found.name: found for found in report.understood}
    assert {"longer", "wider range", "as practised"} <= set(told["beyond"].facts)
    assert told["beyond"].facts["as practised"]["right"][1][0] == 1.0
    page = report.to_page()
    assert [found["name"] for found in page["exam"]["findings"]][-len(told) :] == list(told)
    data = json.loads(json.dumps(report.to_json(), default=str))
    assert set(data["understood"]) == set(told)


def test_every_lesson_is_counted_as_often_as_it_was_learned_from(tmp_path):
    term = run_day(day_of(tmp_path)).term
    assert set(term.shown) <= {lesson.id for lesson in term.lessons}
    assert sum(term.shown.values()) == 4 * term.steps  # batches of four, no rehearsal


def test_it_can_be_left_out_and_a_day_without_a_night_has_none(tmp_path):
    assert run_day(day_of(tmp_path / "a", understood_items=0)).understood == ()
    day = day_of(tmp_path / "b", understood_items=32)
    look_past_practice(day)
    assert day.report.understood == ()


def test_a_budget_that_is_used_up_says_so(tmp_path):
    day = day_of(tmp_path, understood_items=32)
    report = run_day(day)
    day.drive.total = Budget(tokens=1)
    report.understood = ()
    look_past_practice(day)
    assert report.understood == ()
    assert "left nothing" in report.notes[-1]

import pytest

from nightschool.errors import UsageError
from nightschool.exam import ExamReport
from nightschool.exam.across import across
from nightschool.models.scripted import Scripted
from support.answering import right, right_for_even
from support.sittings import sat
from support.tiny_worlds import Doubling


def report(says: object, **more: object) -> ExamReport:
    return sat(Doubling(), Scripted(says), rungs=("control", "zero-shot"), items=60, **more)  # type: ignore[arg-type]


def test_every_pair_is_compared_in_every_shared_way() -> None:
    reports = {"a": report(right), "b": report(right_for_even), "c": report("no")}
    pairs = across(reports)
    assert {(p.row, p.comparison.first, p.comparison.second) for p in pairs} == {
        (row, first, second)
        for row in ("control", "zero-shot", "zero-shot/other")
        for first, second in (("a", "b"), ("a", "c"), ("b", "c"))
    }
    worst = next(p for p in pairs if p.row == "zero-shot" and p.comparison.second == "c" and p.comparison.first == "a")
    assert worst.comparison.difference == -1.0
    assert worst.comparison.lost == 60


def test_the_family_is_adjusted_together() -> None:
    reports = {"a": report(right), "b": report(right_for_even), "c": report("no")}
    every = across(reports, ["zero-shot"])
    assert len(every) == 3
    alone = across({"a": reports["a"], "b": reports["b"]}, ["zero-shot"])[0].comparison
    same = next(p.comparison for p in every if (p.comparison.first, p.comparison.second) == ("a", "b"))
    assert alone.p_value == same.p_value
    assert (alone.adjusted or 0) <= (same.adjusted or 0)


def test_power_and_the_items_it_takes_go_together() -> None:
    (pair,) = across({"a": report(right), "b": report(right)}, ["zero-shot"], difference_to_see=0.1)
    assert pair.comparison.n == 60
    assert pair.power < 0.8
    assert pair.needed > 60
    (wide,) = across({"a": report(right), "b": report(right)}, ["zero-shot"], difference_to_see=0.4)
    assert wide.power > 0.99


def test_reports_about_other_tasks_are_refused() -> None:
    other = Doubling()
    other.spec = "doubling:n=2"  # type: ignore[misc]
    with pytest.raises(UsageError, match="other tasks"):
        across({"a": report(right), "b": sat(other, Scripted(right))})


def test_reports_that_share_nothing_are_refused_with_what_they_hold() -> None:
    with pytest.raises(UsageError, match="zero-shot"):
        across({"a": report(right), "b": report(right)}, ["lora"])

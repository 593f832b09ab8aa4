"""The cheapest way that reaches a target, and honesty where none does."""

from __future__ import annotations

import pytest

from nightschool.day.recommend import Offer, offers, recommend
from nightschool.exam import Row, open_rungs, sit
from nightschool.exam.rung import Way
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from support.tiny_worlds import Doubling

WAY = Way("plain")


def offer(name, tune, cost, unit="tokens", night=False):
    return Offer(name, name, WAY, tune, cost, unit, night)


def rows(n=400, **accuracy):
    asked = []

    def confirm(each):
        asked.append(each.name)
        rate = accuracy[each.name]
        return Row(each.name, each.name, accuracy=rate, n=n) if rate is not None else None

    return confirm, asked


def test_the_cheapest_that_reaches_is_taken_and_no_dearer_one_is_tried():
    confirm, asked = rows(cheap=0.95, dear=0.99)
    found = recommend([offer("dear", 0.99, 100), offer("cheap", 0.95, 10), offer("weak", 0.2, 1)], 0.9, confirm)
    assert (found.offer.name, found.reached, found.needed) == ("cheap", True, None)
    assert asked == ["cheap"]
    assert found.tests[-1].low > 0.9
    assert "cheapest way" in found.sentence
    assert "90%" in found.sentence
    assert "10 tokens an answer" in found.sentence


def test_luck_on_tune_items_is_found_out_on_exam_items():
    confirm, asked = rows(lucky=0.8, dear=0.97)
    found = recommend([offer("lucky", 0.95, 10), offer("dear", 0.97, 100)], 0.9, confirm)
    assert asked == ["lucky", "dear"]
    assert (found.offer.name, found.reached) == ("dear", True)
    assert [test.reached for test in found.tests] == [False, True]
    assert found.tests[0].alpha < 0.025


def test_where_none_is_shown_to_reach_it_says_what_a_proof_would_take():
    confirm, _ = rows(n=40, near=0.95)
    found = recommend([offer("near", 0.95, 10)], 0.9, confirm)
    assert not found.reached
    assert found.needed == 231
    assert "no way was shown to reach 90%" in found.sentence
    assert "231 exam items" in found.sentence


def test_where_no_number_of_items_would_do_it_is_said_in_words():
    confirm, _ = rows(n=300, close=151 / 300)
    found = recommend([offer("close", 0.55, 10)], 0.5, confirm)
    assert (found.reached, found.needed) == (False, None)
    assert "more than 100,000 exam items would be needed" in found.sentence


def test_where_none_reaches_the_best_is_named_without_a_promise():
    confirm, asked = rows(weak=0.3, better=0.5)
    found = recommend([offer("weak", 0.3, 1), offer("better", 0.5, 9)], 0.9, confirm)
    assert asked == ["better"]
    assert (found.offer.name, found.reached, found.needed) == ("better", False, None)
    assert "does not exceed" in found.sentence


def test_at_most_three_ways_are_confirmed():
    names = [f"w{i}" for i in range(6)]
    confirm, asked = rows(**dict.fromkeys(names, 0.5))
    recommend([offer(name, 0.95, i) for i, name in enumerate(names)], 0.9, confirm)
    assert asked == names[:3]


def test_missing_answers_count_against_the_way_that_is_to_be_shown():
    def confirm(each):
        return Row(each.name, each.name, accuracy=1.0, n=50, missing=350)

    found = recommend([offer("often-missing", 1.0, 1)], 0.9, confirm)
    assert not found.reached
    assert found.tests[0].accuracy == pytest.approx(50 / 400)


def test_without_offers_or_rows_there_is_no_recommendation():
    assert recommend([], 0.9, lambda each: None) is None
    assert recommend([offer("gone", 0.95, 1)], 0.9, lambda each: None) is None


def test_money_is_named_where_prices_are_known():
    confirm, _ = rows(cheap=1.0)
    found = recommend([offer("cheap", 1.0, 0.00025, "usd")], 0.9, confirm)
    assert "0.000250 usd an answer" in found.sentence


def test_offers_are_what_may_be_used_with_what_an_answer_cost():
    world = Doubling()
    rungs = open_rungs(["control", "zero-shot:wordings=2", "search:n=4"])
    model = Scripted("4")
    report = sit(world, model, world.items(Split.TUNE, 20), rungs)
    found = offers(report, night=False)
    names = [each.name for each in found]
    assert "zero-shot" in names
    assert not any("control" in name or "mean" in name or "worst" in name for name in names)
    for each in found:
        row = report.row(each.name)
        assert row.recommendable
        assert each.cost == pytest.approx((row.tokens + row.prompt_tokens) / 20)
        assert (each.unit, each.tune) == ("tokens", row.accuracy)
    assert [each.name for each in offers(report, night=True)] == [f"{name} after the night" for name in names]

"""The gate: better at what was practised, nothing watched lost."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from nightschool.sleep.gate.decide import ENOUGH_TOKENS, Margins, WatchedTask, WatchedText, could_tell, decide


def outcomes(n, rate, seed=0):
    dice = random.Random(seed)
    return [dice.random() < rate for _ in range(n)]


BETTER = ([False] * 100, [True] * 60 + [False] * 40)
SAME = outcomes(300, 0.6)
TEXT = WatchedText("text", [3.0, 3.2, 2.9, 3.1] * 50, [3.0, 3.2, 2.9, 3.1] * 50, [256] * 200)


def test_keeps_a_night_that_helped_and_lost_nothing():
    decision = decide(*BETTER, [WatchedTask("arithmetic", SAME, SAME)], [TEXT])
    assert decision.accepted
    assert "arithmetic" in decision.reason
    assert all(found.counts and found.passed for found in decision.watched)
    assert decision.p_value < 0.001


def test_rolls_back_what_did_not_help():
    decision = decide(SAME, SAME)
    assert not decision.accepted
    assert "did not get better" in decision.reason


def test_rolls_back_what_helped_by_luck():
    decision = decide([False] * 100, [True] * 3 + [False] * 97)
    assert not decision.accepted


def test_it_is_known_beforehand_whether_a_night_could_be_told_from_luck():
    for wrong in range(12):
        before = [False] * wrong + [True] * 4
        assert could_tell(before) == decide(before, [True] * len(before)).accepted == (wrong >= 5)


def test_rolls_back_a_loss_of_fifteen_points():
    worse = [ok and i % 4 != 0 for i, ok in enumerate(SAME)]
    assert sum(worse) / 300 < sum(SAME) / 300 - 0.14
    decision = decide(*BETTER, [WatchedTask("arithmetic", SAME, worse)])
    assert not decision.accepted
    assert "arithmetic" in decision.reason


def test_rolls_back_a_loss_in_text():
    after = [nats + 0.2 for nats in TEXT.before]
    decision = decide(*BETTER, [], [WatchedText("text", TEXT.before, after, TEXT.tokens)])
    assert not decision.accepted
    assert "nats per token" in decision.reason
    assert decision.watched[0].change < 0


def test_says_when_it_watched_nothing():
    decision = decide(*BETTER)
    assert decision.accepted
    assert "nothing was watched" in decision.reason


def test_few_items_do_not_count_but_a_plain_loss_in_them_does():
    few = [True] * 40 + [False] * 10
    kept = decide(*BETTER, [WatchedTask("small", few, few)])
    assert kept.accepted
    assert "nothing was watched" in kept.reason
    assert kept.watched[0].why_not == "50 items, and 250 are needed"
    lost = decide(*BETTER, [WatchedTask("small", few, [False] * 50)])
    assert not lost.accepted


def test_a_baseline_at_chance_or_near_perfect_does_not_count():
    nothing_to_lose = [False] * 300
    perfect = [True] * 299 + [False]
    found = decide(
        *BETTER, [WatchedTask("at chance", nothing_to_lose, nothing_to_lose), WatchedTask("perfect", perfect, perfect)]
    ).watched
    assert [each.counts for each in found] == [False, False]
    assert "chance" in found[0].why_not
    assert "above 90%" in found[1].why_not


def test_a_significant_loss_rejects_however_few_items_there_are_and_however_little_was_lost():
    earlier = [True] * 150
    for lost, kept in ((5, True), (6, False), (14, False)):  # p = .031, .016 and 6e-5
        found = decide(*BETTER, [WatchedTask("earlier nights", earlier, [False] * lost + [True] * (150 - lost))])
        assert found.accepted == kept
        assert not found.watched[0].counts
    assert "earlier nights 100.0% to 90.7% of 150 (p = 6.1e-05)" in found.reason
    many = [True] * 200 + [False] * 100
    assert not decide(*BETTER, [WatchedTask("task", many, [False] * 6 + many[6:])]).accepted


def test_what_is_as_likely_by_guessing_does_not_count():
    guessed = [True] * 90 + [False] * 210
    (found,) = decide(*BETTER, [WatchedTask("four choices", guessed, guessed, 0.25)]).watched
    assert "too close to chance" in found.why_not
    assert decide(*BETTER, [WatchedTask("open", guessed, guessed)]).watched[0].counts


def test_little_text_does_not_count():
    short = WatchedText("short", [3.0, 3.1], [3.0, 3.1], [100, 100])
    found = decide(*BETTER, [], [short]).watched[0]
    assert not found.counts
    assert f"{ENOUGH_TOKENS:,}" in found.why_not


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.02, 0.3))
def test_never_accepts_a_measured_loss_beyond_the_margin(lost, gained, margin):
    before = [True] * 150 + [False] * 150
    after = [i >= min(lost, 150) for i in range(150)] + [i < min(gained, 150) for i in range(150)]
    decision = decide(*BETTER, [WatchedTask("task", before, after)], margins=Margins(points=margin))
    if decision.accepted:
        assert (sum(after) - sum(before)) / 300 > -margin


def test_what_could_not_be_looked_at_again_rejects_the_night():
    better = decide([False] * 40, [True] * 40)
    assert better.accepted
    refused = decide([False] * 40, [True] * 40, unseen=["arithmetic"])
    assert not refused.accepted
    assert "arithmetic" in refused.reason


def test_a_text_held_to_be_impossible_is_not_looked_at():
    for before, after in ((math.inf, 3.0), (3.0, math.inf), (math.inf, math.inf)):
        text = WatchedText("text", [3.0, before], [3.0, after], [ENOUGH_TOKENS, ENOUGH_TOKENS])
        refused = decide(*BETTER, [], [text])
        assert not refused.accepted
        assert "not looked at alike before and after: text" in refused.reason
        assert not refused.watched


def test_a_night_without_any_outcome_is_rejected():
    nothing = decide([], [])
    assert not nothing.accepted
    assert nothing.n == 0
    assert "rolled back" in nothing.reason

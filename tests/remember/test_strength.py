from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember.memory import Salience, Strength
from nightschool.remember.strength import born, recalled, retrievability

DAY = 86_400.0


def test_nine_tenths_are_left_after_the_stability() -> None:
    strength = born(Salience(), 1000.0)
    assert retrievability(strength, 1000.0) == 1.0
    assert retrievability(strength, 1000.0 + strength.stability * DAY) == pytest.approx(0.9)


@given(st.floats(0, 3000), st.floats(0, 3000))
def test_what_is_left_only_falls_and_never_to_zero(first: float, more: float) -> None:
    strength = born(Salience(), 0.0)
    early, late = retrievability(strength, first * DAY), retrievability(strength, (first + more) * DAY)
    assert 1.0 >= early >= late > 0.0


def test_what_is_striking_lasts_longer() -> None:
    assert born(Salience(), 0.0).stability < born(Salience(marked=True), 0.0).stability


def test_recall_strengthens_and_more_so_late() -> None:
    new = born(Salience(), 0.0)
    soon, late = recalled(new, DAY), recalled(new, 30 * DAY)
    assert new.stability < soon.stability < late.stability
    assert late.reviews == 1
    assert late.reviewed == 30 * DAY


def test_a_clock_that_goes_back_is_no_time_at_all() -> None:
    strength = Strength(2.0, 5.0, 1000.0)
    assert retrievability(strength, 0.0) == 1.0
    assert recalled(strength, 0.0).reviewed == 1000.0


def test_the_curve_is_that_of_the_library() -> None:
    from datetime import UTC, datetime

    from fsrs import Card, Scheduler, State

    card = Card(1, State.Review, stability=3.0, difficulty=5.0, last_review=datetime.fromtimestamp(0, UTC))
    theirs = Scheduler().get_card_retrievability(card, datetime.fromtimestamp(40 * DAY, UTC))
    assert retrievability(Strength(3.0, 5.0, 0.0), 40 * DAY) == pytest.approx(theirs)

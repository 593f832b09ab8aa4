"""How memories fade and are strengthened: the forgetting curve of FSRS, driven by recall instead of flash cards.

Ref: ye2022.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nightschool.errors import MissingDependency
from nightschool.remember.memory import Memory, Salience, Strength

if TYPE_CHECKING:
    from fsrs import Scheduler

_DAY = 86_400.0


def born(salience: Salience, now: float) -> Strength:
    """Return the strength of a new memory: what was striking starts with days of stability, what was dull with hours.

    now: Unix seconds.
    """
    return Strength(*_first(2 + round(2 * salience.value)), now)  # hard, good, easy


def recalled(strength: Strength, now: float) -> Strength:
    """Return `strength` after one successful recall: the more was forgotten, the more it gains.

    A clock that goes back counts as no time at all.
    """
    now = max(now, strength.reviewed)
    stability, difficulty = _reviewed(strength, 3, now)
    return Strength(stability, difficulty, now, strength.reviews + 1)


def retrievability(strength: Strength | None, now: float) -> float:
    """Return how likely it is in (0, 1] that this is still remembered; 1 where no strength is known.

    The curve is FSRS's, in fractions of days. Ref: ye2022.
    """
    if strength is None:
        return 1.0
    decay, factor = _curve()
    days = max(0.0, now - strength.reviewed) / _DAY
    return float((1.0 + factor * days / strength.stability) ** decay)


def strengthened(memory: Memory, now: float) -> Memory:
    """Return `memory` with the strength of one more successful recall."""
    return replace(memory, strength=recalled(memory.strength or born(memory.salience, memory.time), now))


@functools.cache
def _scheduler() -> Scheduler:
    try:
        from fsrs import Scheduler
    except ModuleNotFoundError as error:
        raise MissingDependency("the forgetting curve needs fsrs; type: pip install 'nightschool[memory]'") from error
    # no steps of minutes: every recall moves the curve of days; no fuzz: the same recalls give the same strength
    return Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


@functools.cache
def _curve() -> tuple[float, float]:
    """Return the decay and the factor of the curve, whose value after `stability` days is 0.9."""
    decay = -float(_scheduler().parameters[20])
    return decay, 0.9 ** (1.0 / decay) - 1.0


@functools.cache
def _first(rating: int) -> tuple[float, float]:
    """Return the stability and the difficulty of what is seen for the first time: whenever that is."""
    return _reviewed(None, rating, 0.0)


def _reviewed(strength: Strength | None, rating: int, now: float) -> tuple[float, float]:
    from fsrs import Card, Rating, State

    scheduler, moment = _scheduler(), datetime.fromtimestamp(now, UTC)
    if strength is None:
        card = Card(card_id=1, state=State.Learning, step=0, due=moment)
    else:
        card = Card(
            card_id=1,
            state=State.Review,
            stability=strength.stability,
            difficulty=strength.difficulty,
            due=moment,
            last_review=datetime.fromtimestamp(strength.reviewed, UTC),
        )
    card, _ = scheduler.review_card(card, Rating(rating), moment)
    if card.stability is None or card.difficulty is None:  # a reviewed card has both
        raise AssertionError("fsrs returned a card without stability")
    return card.stability, card.difficulty

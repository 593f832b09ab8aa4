"""Beside the evening's before and after: was it learned by heart, and does it carry over past what was practised?"""

from __future__ import annotations

from nightschool.day.day import Day
from nightschool.errors import StopRequested
from nightschool.exam import Finding
from nightschool.exam.beyond import beyond
from nightschool.exam.verbatim import texts_of, verbatim

_LEAST_ITEMS = 2


def look_past_practice(day: Day) -> None:
    """Ask the night's weights, accepted or not, for what they were shown and for what they were not.

    Nothing is asked where there was no night, or where the budget is used up: then the report says nothing of it.
    Raises StopRequested where it was interrupted.
    """
    term, items = day.report.term, day.settings.understood_items
    if term is None or term.adapter is None or items < _LEAST_ITEMS:
        return
    if day.drive.spent_all:
        day.report.notes.append("the budget left nothing to ask whether the night taught by heart")
        return
    day.watch.stage("by heart, or understood", unit="answers")
    seed = day.settings.seed
    with day.stage("by heart, or understood"):
        texts = texts_of(term.lessons, term.shown, day.world, day.wording, items, seed)
        looked = (
            verbatim(texts, day.drive.run, day.start, term.adapter.name, seed),
            beyond(day.world, day.wording, day.drive.run, day.start, term.adapter.name, items=items, seed=seed),
        )
    if day.drive.interrupted:
        raise StopRequested("while it was asked what the night taught")
    day.report.understood = tuple(each for each in looked if isinstance(each, Finding))

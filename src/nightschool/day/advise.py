"""The end of a day: the cheapest way measured that reaches the target, and the mind that goes that way."""

from __future__ import annotations

from nightschool.day.day import Day
from nightschool.day.mind_of import mind_of
from nightschool.day.own_examples import OwnExamples
from nightschool.day.recommend import Offer, Recommendation, offers, recommend
from nightschool.errors import StopRequested
from nightschool.exam import Row, Rung, open_rungs
from nightschool.items import Split


def advise(day: Day) -> Recommendation | None:
    """Name the cheapest way that reaches the target, where one was given; where that fails, a note says why."""
    target = day.settings.target
    if target is None:
        return None
    try:
        return _advise(day, target)
    except StopRequested:
        raise
    except Exception as error:  # whatever it is, what the day brought is worth more and is still to be written
        day.report.notes.append(f"there is no recommendation, because it failed: {type(error).__name__}: {error}")
        day.watch.say(day.report.notes[-1])
        return day.report.advice


def _advise(day: Day, target: float) -> Recommendation | None:
    with day.stage("recommendation"):
        found = _offers(day)
        day.report.advice = recommend(found, target, lambda offer: _confirm(day, offer))
        if day.report.advice is not None:
            day.watch.say(day.report.advice.sentence)
            offer = day.report.advice.offer
            night = day.night if offer.night else day.wakes  # the weights that it was measured with
            day.mind = mind_of(
                day.world, day.model, offer.way, seed=day.settings.seed, own=day.own,
                adapter=day.ledger.adapter(night) if night else None, night=night.name if night else None,
            )  # fmt: skip
    return day.report.advice


def _offers(day: Day) -> list[Offer]:
    """Return every way that may be recommended, measured on tune items: before the night, and with it."""
    items = day.world.items(Split.TUNE, day.settings.tune_items, day.settings.seed)
    rungs = ["zero-shot", "few-shot"] + (["search:n=8"] if day.world.verifier is not None else ["vote"])
    found = offers(day.sit(open_rungs(rungs), items, day.start), night=False)
    if day.adapter != day.start:
        later = [rung for rung in rungs if rung != "few-shot"]
        found += offers(day.sit(open_rungs(later), items, day.adapter), night=True)
    if day.own:
        found += offers(day.sit([OwnExamples(day.own)], items, day.start), night=False)
    return found


def _confirm(day: Day, offer: Offer) -> Row | None:
    rung: Rung = OwnExamples(day.own) if offer.rung == OwnExamples.name else _rung_of(offer)
    exam = day.sit([rung], day.exam_items, day.adapter if offer.night else day.start)
    name = offer.name.removesuffix(" after the night")
    return next((row for row in exam.rungs if row.name == name), None)


def _rung_of(offer: Offer) -> Rung:
    spec = "search:n=8" if offer.rung == "search" else offer.rung
    return open_rungs([spec])[0]

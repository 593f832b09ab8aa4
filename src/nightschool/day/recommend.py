"""The cheapest way that reaches a target: chosen on tune items, confirmed on exam items by tests in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightschool.exam import ExamReport, Row
from nightschool.exam.rung import Way
from nightschool.stats import MOST_TO_PROVE, Candidate, Reached, cheapest_reaching, items_to_prove

_MOST = 3  # ways that are confirmed at most: each test more leaves less of alpha for the others


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to get the job done. cost: of one answer, in `unit`; tune: accuracy there; night: uses the adapter."""

    name: str
    rung: str
    way: Way
    tune: float
    cost: float
    unit: str
    night: bool


@dataclass(frozen=True, slots=True)
class Test:
    """One step of the confirmation on exam items. low: exact lower bound at this test's share of alpha."""

    name: str
    accuracy: float
    low: float
    n: int
    p_value: float
    alpha: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to use. reached: the target is shown to be exceeded; needed: exam items that a proof would take, if not;
    None where it would take more than anyone examines, or where the target is not exceeded at all.
    """

    offer: Offer
    target: float
    reached: bool
    tests: tuple[Test, ...]
    needed: int | None
    sentence: str


def offers(report: ExamReport, *, night: bool) -> list[Offer]:
    """Return the ways of a report that may be recommended, with what an answer cost.

    The cost is money where prices are known, and otherwise tokens read and written.
    """
    found = []
    for row in report.rungs:
        if not row.recommendable or row.accuracy is None or row.way is None:
            continue
        answers = row.n + row.missing
        if row.usd is not None:
            cost, unit = row.usd / answers, "usd"
        else:
            cost, unit = (row.tokens + row.prompt_tokens) / answers, "tokens"
        name = f"{row.name} after the night" if night else row.name
        found.append(Offer(name, row.rung, row.way, row.accuracy, cost, unit, night))
    return found


def recommend(found: Sequence[Offer], target: float, confirm: Callable[[Offer], Row | None]) -> Recommendation | None:
    """Return the cheapest offer that reaches `target`, else the best one and what a proof would take.

    The offers at or above the target on tune items are tried on exam items, cheapest first, at most three of them;
    confirm: the exam's row for an offer, over items that nothing was chosen on. None where there is no offer at all.
    """
    if not found:
        return None
    hopeful = sorted((offer for offer in found if offer.tune >= target), key=lambda offer: offer.cost)[:_MOST]
    hopes = hopeful or [max(found, key=lambda offer: (offer.tune, -offer.cost))]
    tried: list[tuple[Offer, Candidate]] = []
    steps: list[Reached] = []
    for place, offer in enumerate(hopes):
        row = confirm(offer)
        if row is None or row.accuracy is None:
            continue
        tried.append((offer, Candidate(offer.name, round(row.accuracy * row.n), row.n + row.missing)))
        # Those still to come have their share of alpha, and are examined only where nothing cheaper reaches.
        coming = [Candidate(later.name, 0, 1) for later in hopes[place + 1 :]]
        steps = cheapest_reaching([*(candidate for _, candidate in tried), *coming], target)
        if steps[-1].reached:
            break
    if not tried:
        return None
    if not steps[-1].reached:
        steps = cheapest_reaching([candidate for _, candidate in tried], target)
    tests = tuple(
        Test(s.name, c.passed / c.n, s.low, c.n, s.p_value, s.alpha, s.reached)
        for s, (_, c) in zip(steps, tried, strict=False)
    )
    last = tests[-1]
    if last.reached:
        winner = tried[len(tests) - 1][0]
        sentence = (
            f"{winner.name} is the cheapest way found that reaches {target:.0%}: {last.accuracy:.1%} of {last.n} exam "
            f"items, at least {last.low:.1%}; {_price(winner)} an answer"
        )
        return Recommendation(winner, target, True, tests, None, sentence)
    place = max(range(len(tests)), key=lambda i: tests[i].accuracy)
    best, seen = tried[place][0], tests[place]
    needed = items_to_prove(seen.accuracy, target) if seen.accuracy > target else None
    many = f"more than {MOST_TO_PROVE:,}" if needed is None else f"{needed:,}"
    why = f"{many} exam items would be needed to show it" if seen.accuracy > target else "it does not exceed the target"
    sentence = (
        f"no way was shown to reach {target:.0%}; the best found is {best.name}: {seen.accuracy:.1%} of {seen.n} exam "
        f"items ({why}); {_price(best)} an answer"
    )
    return Recommendation(best, target, False, tests, needed, sentence)


def _price(offer: Offer) -> str:
    return f"{offer.cost:.6f} usd" if offer.unit == "usd" else f"{offer.cost:.0f} tokens"

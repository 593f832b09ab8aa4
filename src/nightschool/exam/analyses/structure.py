"""structure: is it always the same items that fail, always the same wordings, or now this and now that?

Outcomes over items, wordings and repeats are taken apart into components of variance. Beside them: how much two
wordings agree about which items fail, and how often they fail with the very same wrong answer (one strategy, spoiled)
rather than with another (another strategy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Drawing, Finding
from nightschool.exam.result import Row
from nightschool.exam.rung import Part
from nightschool.exam.rungs.asking import part, whole
from nightschool.items import Wording
from nightschool.ports import Ability
from nightschool.stats.components import Components, components
from nightschool.think.vote import Vote

Outcomes = list[list[float]]
"""Of one item: outcomes[wording][draw]."""

_WORDS = {
    "item": "a fixed set of items fails, whatever the wording",
    "wording": "some wordings fail for nearly all items",
    "both": "which wording fails depends on the item",
    "repeat": "the same question in the same words is answered now right, now wrong",
}


class Structure:
    """Variance components of the plain question over items and wordings.

    draws: answers sampled at temperature 1 for each item and wording; 0 takes the greedy answers that there are, which
    have no repeats. items: how many to sample for, at most. Raises BadSpec.
    """

    name = "structure"
    title = "Always the same items, or now this and now that"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))

    def __init__(self, draws: int = 0, items: int = 50) -> None:
        if draws < 0 or draws == 1 or items < 2:
            raise BadSpec(f"structure: draws is 0, or 2 and more, and items at least 2, not {draws} and {items}")
        self.draws, self.items = draws, items
        self.asks = draws > 0

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the components, with intervals over items."""
        rows = sitting.greedy_rows()
        if len(rows) < 2:
            return "it takes two wordings of the rung zero-shot"
        told = self._sampled(sitting) if self.draws else _greedy(rows)
        if isinstance(told, str):
            return told
        outcomes = [each for each in told if each is not None]
        if len(outcomes) < 2:
            return "fewer than two items have an outcome in every wording"
        found = components(outcomes, sitting.rng(self.name))
        notes = _missing(len(told) - len(outcomes), len(told))
        if found is None:
            nothing = "Nothing varies: every item has the same outcome in every wording."
            return Finding(self.name, self.title, nothing, notes)
        return self._finding(found, rows, notes)

    def _sampled(self, sitting: Sitting) -> list[Outcomes | None] | str:
        """Return outcomes[item][wording][draw] of sampled answers, or why there are none."""
        room = sitting.room
        if room.run is None:
            return "nothing more can be asked here"
        wordings: Sequence[Wording] = [w for w in room.world.wordings if w.style == "words"]
        made = [part(room, w.name, w, search=Vote(self.draws), temperature=1.0) for w in wordings]
        parts = [each for each in made if isinstance(each, Part)]
        count = min(self.items, len(room.items))
        traces = room.run([job for each in parts for job in each.jobs[:count]])
        drawn = [[thought for thought in trace.thoughts if whole(thought) is not None] for trace in traces]
        pairs = [(t.task.item, thought.answer) for t, draws in zip(traces, drawn, strict=True) for thought in draws]
        grades = iter(sitting.grade(pairs))
        passed = [[float(each) for each in [next(grades) for _ in draws] if each is not None] for draws in drawn]
        columns = [passed[start : start + count] for start in range(0, len(passed), count)]
        return [
            [column[i] for column in columns] if all(len(column[i]) == self.draws for column in columns) else None
            for i in range(count)
        ]

    def _finding(self, found: Components, rows: Mapping[str, Row], missing: tuple[str, ...]) -> Finding:
        shares = {"item": found.item, "wording": found.wording, "both": found.both, "repeat": found.repeat}
        known = {name: share for name, share in shares.items() if share is not None}
        most = max(known, key=lambda name: known[name].value)
        said = _WORDS[most] if found.repeat is not None or most != "both" else _WORDS["both"] + ", or on chance"
        notes = [
            f"Over {found.items} items, {found.wordings} wordings"
            + (f" and {found.repeats} draws of each." if found.repeats > 1 else ", each asked once.")
        ]
        agree = overlap(rows)
        if agree is not None:
            notes.append(
                f"Of the items that one wording fails, another fails {agree['shared']:.0%} ({agree['expected']:.0%} if "
                f"they failed independently); both fail with the same wrong answer in {agree['same_answer']:.0%} of "
                "those."
            )
        return Finding(
            self.name,
            self.title,
            f"Mostly, {said} ({known[most].value:.0%} of the variance).",
            (*notes, *missing),
            drawings=(
                Drawing(
                    "shares",
                    "where the variance of outcomes comes from",
                    parts={_LABELS[name]: (share.value, share.low, share.high) for name, share in known.items()},
                ),
            ),
            facts={
                "shares": {name: [s.value, s.low, s.high] for name, s in known.items()},
                "variance": found.variance,
                "overlap": agree,
            },
        )


_LABELS = {"item": "item", "wording": "wording", "both": "item and wording together", "repeat": "chance"}


def _missing(count: int, asked: int) -> tuple[str, ...]:
    why = "an answer of theirs is missing, or the critic failed on one"
    return (f"{count} of {asked} items are left out: {why}.",) if count else ()


def _greedy(rows: Mapping[str, Row]) -> list[Outcomes | None]:
    """Return outcomes[item][wording][0], None for the items that have none in some wording."""
    columns = [row.outcomes() for row in rows.values()]
    items = dict.fromkeys(record.item for row in rows.values() for record in row.records)
    return [
        [[column[item]] for column in columns] if all(item in column for column in columns) else None for item in items
    ]


def overlap(rows: Mapping[str, Row]) -> dict[str, float] | None:
    """Return how much wordings share their failures, averaged over ordered pairs; None where no pair fails anything.

    shared: of the items that one fails, those that the other fails too; expected: if they were independent;
    same_answer: of those that both fail, those failed with the same words.
    """
    shared, expected, same = [], [], []
    for first, second in combinations(rows.values(), 2):
        a, b = first.outcomes(), second.outcomes()
        common = [item for item in a if item in b]
        fails = [{item for item in common if each[item] < 1} for each in (a, b)]
        if not fails[0] or not fails[1]:
            continue
        both = fails[0] & fails[1]
        shared.append((len(both) / len(fails[0]) + len(both) / len(fails[1])) / 2)
        expected.append((len(fails[0]) + len(fails[1])) / 2 / len(common))
        said = [
            {each.item: " ".join(each.answers).strip().casefold() for each in row.records} for row in (first, second)
        ]
        same += [float(said[0][item] == said[1][item]) for item in both]
    if not shared:
        return None
    return {
        "shared": float(np.mean(shared)),
        "expected": float(np.mean(expected)),
        "same_answer": float(np.mean(same)) if same else 0.0,
    }

"""failures: of all that went wrong, what was the form, what the wording, what another task, and what not able.

Each failed answer of the plain question, in each wording, is of the first kind that fits:

    not attempted   empty, a refusal, or the one answer that is said to nearly everything
    wrong format    another reading of the same answer passes (`exam.readings`): it was right, and said otherwise
    misread         the answer to another task that the world knows of, or the input said back
    wording-bound   the same item passes in another wording
    not able        nothing tried shows that the model can do it
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from nightschool.exam.analysis import Sitting, left_out
from nightschool.exam.finding import Drawing, Finding
from nightschool.exam.readings import attempts, readings
from nightschool.exam.warn import THE_SAME, commonest
from nightschool.items import Item
from nightschool.ports import Ability
from nightschool.stats import clustered_rate

KINDS = ("not attempted", "wrong format", "misread", "wording-bound", "not able")


class Failures:
    """The error mass of the plain question in all its wordings, split into five kinds that sum to all of it."""

    name = "failures"
    title = "Not understood, or not able"
    needs: frozenset[Ability] = frozenset()
    asks = False

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the split of the error mass, with intervals clustered by item."""
        rows = sitting.greedy_rows()
        if not rows:
            return "the rung zero-shot was not sat"
        items = {item.id: item for item in sitting.room.items}
        said = {
            (name, record.item): record.answers[0]
            for name, row in rows.items()
            for record in row.records
            if record.outcome is not None and record.answers
        }
        failed = {key for key in said if rows[key[0]].outcomes()[key[1]] < 1}
        if not failed:
            return Finding(self.name, self.title, f"Nothing failed: all {len(said)} answers are right.")
        lenient, untold = self._lenient(sitting, items, {key: said[key] for key in failed})
        if failed == untold:
            return f"the critic failed on other readings of all {len(failed)} failed answers"
        can = {item for (name, item) in said if (name, item) not in failed}
        failed -= untold
        always = {name: commonest(row) for name, row in rows.items() if row.remark == THE_SAME}
        kinds = {}
        for key in sorted(failed):
            elsewhere = key[1] in can or any((name, key[1]) in lenient for name in rows if name != key[0])
            attempted = attempts(said[key]) and (key in lenient or said[key].strip() != always.get(key[0]))
            kinds[key] = self._kind(sitting.room.world, items[key[1]], said[key], attempted, key in lenient, elsewhere)
        chance = self._by_chance(sitting, items, said, failed)
        return self._finding(kinds, rows, said, failed, lenient, chance, len(untold))

    def _lenient(
        self, sitting: Sitting, items: Mapping[str, Item], said: Mapping[tuple[str, str], str]
    ) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Return the failed answers of which another reading passes, and those of which that cannot be told: none does,
        and the critic failed on one.
        """
        pairs = [(key, (items[key[1]], text)) for key, words in said.items() for text in readings(words, items[key[1]])]
        passed = sitting.grade([pair for _, pair in pairs])
        kinds = {
            kind: {key for (key, _), each in zip(pairs, passed, strict=True) if each is kind} for kind in (True, None)
        }
        return kinds[True], kinds[None] - kinds[True]

    def _by_chance(
        self, sitting: Sitting, items: Mapping[str, Item], said: Mapping[tuple[str, str], str], failed: set[Any]
    ) -> float | None:
        """Return how often a reading of an answer passes for the next item: what leniency alone lets through."""
        order = list(items)
        wrong: dict[tuple[str, str], str] = {}
        for name, item in sorted(failed):
            other = order[(order.index(item) + 1) % len(order)]
            if items[other].target != items[item].target:
                wrong[name, other] = said[name, item]
        passes, untold = self._lenient(sitting, items, wrong)
        return len(passes) / (len(wrong) - len(untold)) if len(wrong) > len(untold) else None

    @staticmethod
    def _kind(world: Any, item: Item, answer: str, attempted: bool, lenient: bool, elsewhere: bool) -> str:
        if not attempted:
            return "not attempted"
        if lenient:
            return "wrong format"
        if misreading(world, item, answer) is not None:
            return "misread"
        return "wording-bound" if elsewhere else "not able"

    def _finding(
        self,
        kinds: Mapping[tuple[str, str], str],
        rows: Mapping[str, Any],
        said: Mapping[tuple[str, str], str],
        failed: set[tuple[str, str]],
        lenient: set[tuple[str, str]],
        chance: float | None,
        untold: int,
    ) -> Finding:
        by_item: dict[str, list[str]] = {}
        for (_, item), kind in kinds.items():
            by_item.setdefault(item, []).append(kind)
        parts = {}
        for kind in KINDS:
            score = clustered_rate([[float(each == kind) for each in found] for found in by_item.values()])
            parts[kind] = (score.value, score.low, score.high)
        counts = Counter(kinds.values())
        most = max(KINDS, key=lambda kind: counts[kind])
        plain = (len(said) - len(failed) - untold) / len(said)
        read = plain + len(lenient) / len(said)
        notes = [f"If the form were forgiven, {read:.0%} of the answers would be right instead of {plain:.0%}."]
        if chance is not None:
            notes.append(
                f"The same lenient readings let {chance:.0%} of the failed answers pass for another item: so much of "
                "what they accept may be chance."
            )
        if len(rows) == 1:
            notes.append("Only one wording was tried, so that nothing can show itself to be bound to the wording.")
        notes += left_out(untold, len(failed) + untold, "failed answers")
        return Finding(
            self.name,
            self.title,
            f"Of {len(failed)} failed answers in {len(rows)} wordings, {counts[most] / len(failed):.0%} are {most}.",
            tuple(notes),
            ("wording", *KINDS, "failed"),
            tuple(
                (name, *(sum(k == kind for (n, _), k in kinds.items() if n == name) for kind in KINDS),
                 sum(n == name for n, _ in kinds))
                for name in rows
            ),
            (Drawing("shares", "what the failures are", parts=parts),),
            {
                "shares": {kind: list(part) for kind, part in parts.items()},
                "counts": dict(counts),
                "accuracy": plain,
                "accuracy_if_form_were_forgiven": read,
                "lenient_by_chance": chance,
            },
        )  # fmt: skip


def misreading(world: Any, item: Item, answer: str) -> str | None:
    """Return which other task `answer` does, or None: one of the world's `misreadings`, or saying an input back."""
    known = dict(world.misreadings(item)) if hasattr(world, "misreadings") else {}
    known |= {f"says back {name}": value for name, value in item.inputs.items()}
    said = [_plain(reading) for reading in (answer, *readings(answer, item))]
    target = _plain(item.target or "")
    for name, text in known.items():
        plain = _plain(str(text))
        if plain and plain != target and plain in said:
            return str(name)
    return None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))

"""What a reader of the numbers must be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nightschool.exam.result import Question, Row
from nightschool.stats import items_for_width

WIDE = 0.10
"""Half the width of an interval from which on the number of items is called small."""

NOTHING, THE_SAME = "answers nothing", "says the same everywhere"
"""The remarks on a row."""

_ENOUGH = 5
_NAMED = 4


def warnings(rows: Sequence[Row], items: Sequence[Question]) -> list[str]:
    """Return a sentence for each thing that makes the numbers mean less than they seem to."""
    sat = [row for row in rows if row.unavailable is None and not row.spread]
    silent = [row for row in sat if row.remark == NOTHING]
    stuck = [row for row in sat if row.remark == THE_SAME]
    cut = [row for row in sat if row.cut > _answers(row).total() / 5]
    found = [*_of_size(sat), *(_missing(row) for row in sat if row.missing)]
    if silent:
        found.append(f"the model answers nothing in {_names(silent)}: more than half of its answers are empty")
    if stuck:
        answer, count = _answers(stuck[0]).most_common(1)[0]
        found.append(
            f"the model gives the same answer nearly everywhere in {_names(stuck)}: in {stuck[0].name} it says "
            f"{answer!r} {count} times of {_answers(stuck[0]).total()}"
        )
    if cut:
        found.append(
            f"answers were ended by the length limit in {_names(cut)}: in {cut[0].name} {cut[0].cut} of "
            f"{_answers(cut[0]).total()}; a wording with a stop, or more tokens for the answer, may show more"
        )
    return found


def remark(row: Row, items: Sequence[Question]) -> str:
    """Return what makes the accuracy of `row` none of an ability, or nothing."""
    if row.unavailable is not None or row.spread:
        return ""
    if _says_nothing(row):
        return NOTHING
    return THE_SAME if _says_the_same(row, items) else ""


def _names(rows: Sequence[Row]) -> str:
    """Return the names of the first few and how many more there are."""
    named = ", ".join(row.name for row in rows[:_NAMED])
    return named if len(rows) <= _NAMED else f"{named} and {len(rows) - _NAMED} more"


def _of_size(rows: Sequence[Row]) -> list[str]:
    widest = max((row for row in rows if row.accuracy is not None), key=_half, default=None)
    if widest is None or _half(widest) <= WIDE:
        return []
    return [
        f"few items: with {widest.n}, the interval of {widest.name} reaches {100 * _half(widest):.0f} points to each "
        f"side; {items_for_width(0.05)} items make every interval at most 5 points wide to each side"
    ]


def _missing(row: Row) -> str:
    reasons = Counter(each.missing for each in row.records if each.outcome is None and each.missing)
    why = reasons.most_common(1)[0][0] if reasons else "no reason was given"
    return (
        f"{row.name}: {row.missing} of {len(row.records)} answers are missing and not counted as wrong (if all were "
        f"wrong, or all right: {100 * (row.worst or 0):.0f}% to {100 * (row.best or 0):.0f}%); most often: {why}"
    )


def _answers(row: Row) -> Counter[str]:
    return Counter(answer.strip() for each in row.records for answer in each.answers)


def commonest(row: Row) -> str:
    """Return the answer that `row` says most often. Raises IndexError for a row without answers."""
    return _answers(row).most_common(1)[0][0]


def _says_nothing(row: Row) -> bool:
    said = _answers(row)
    return said.total() >= _ENOUGH and said[""] > said.total() / 2


def _says_the_same(row: Row, items: Sequence[Question]) -> bool:
    """Return whether nine of ten answers are one, though fewer than eight of ten targets are."""
    said = _answers(row)
    if said.total() < _ENOUGH:
        return False
    commonest = max(Counter(item.target for item in items).values()) / len(items)
    return commonest < 0.8 and said.most_common(1)[0][1] >= 0.9 * said.total()


def _half(row: Row) -> float:
    return ((row.high or 0.0) - (row.low or 0.0)) / 2

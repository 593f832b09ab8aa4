"""Could this unfinished list still become the sorted one?"""

from __future__ import annotations

from nightschool.critics.compose import Combines
from nightschool.critics.sorted_list import TOKEN, number, wanted_numbers, written
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class SortedPrefix(Combines):
    """The step critic of sorting: passed while the answer so far is a beginning of the sorted list.

    Parameters as in sorted-list. The last number may be cut: `1` can still become 12. score: (right + 1) / (n + 1)
    while it can become right, else 0; so an empty answer passes, with the lowest score that a passed one has.
    """

    name = "sorted-prefix"
    sight = Sight.VERIFIER

    def __init__(self, source: str | None = None, descending: bool = False) -> None:
        self.source, self.descending = source, descending

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether `answer` can still become right, and the first number that stands wrong."""
        wanted = wanted_numbers(item, self.source, self.descending)
        body = answer.lstrip()
        closer = {"[": "]", "(": ")"}.get(body[:1], "")
        body = body[1:] if closer else body
        closed = bool(closer) and body.rstrip().endswith(closer)
        complete, unfinished = _cut(body.rstrip()[:-1], True) if closed else _cut(body, False)
        for place, token in enumerate(complete):
            if not TOKEN.fullmatch(token):
                return Verdict.of(False, "Write the numbers alone, separated by commas.")
            if place >= len(wanted):
                return Verdict.of(False, f"Extra: {token}. The list is complete before it.")
            if number(token) != wanted[place]:
                return Verdict.of(False, f"Out of place: {token} stands where {written(wanted[place])} belongs.")
        right = len(complete)
        if closed and right < len(wanted):
            return Verdict.of(False, f"The list ends too early: {written(wanted[right])} comes next.")
        if right == len(wanted) and body.rstrip().endswith((",", ";")):
            return Verdict.of(False, "The list is complete: write nothing after it.")
        if unfinished:
            if right >= len(wanted):
                return Verdict.of(False, "The list is complete: write nothing after it.")
            expected = written(wanted[right])
            if not expected.startswith(unfinished.replace("−", "-")):
                return Verdict.of(False, f"Out of place: {expected} comes next.")
            right += unfinished == expected
        return Verdict((right + 1) / (len(wanted) + 1), True)


def _cut(body: str, closed: bool) -> tuple[list[str], str]:
    """Return the numbers that are complete, and the one that is still being written (or nothing)."""
    separator = "," if "," in body else ";" if ";" in body else None
    tokens = [token.strip() for token in body.split(separator)]
    if closed or not tokens or not tokens[-1]:
        return (tokens if closed else tokens[:-1]), ""
    if body[-1].isspace():
        return tokens, ""
    return tokens[:-1], tokens[-1]

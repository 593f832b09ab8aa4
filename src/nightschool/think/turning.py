"""Did thinking again mend a wrong answer, or break a right one?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from nightschool.items import Thought, Trace, Verdict

Turn = Literal["kept", "mended", "broken", "missed"]
"""Of a right draft that stayed right, a wrong one made right, a right one made wrong, a wrong one that stayed wrong."""
_REVISES = ("revise", "monologue")


def versions(trace: Trace) -> Sequence[Thought]:
    """Return the versions that led to the answer, the draft first; nothing for strategies that do not revise."""
    if trace.best is None or trace.strategy.partition(":")[0] not in _REVISES:
        return ()
    way = [trace.best]
    while (parent := way[-1].parent) is not None:
        way.append(trace.thoughts[parent])
    return tuple(reversed(way)) if len(way) > 1 else ()


def turn_of(trace: Trace, judge: Callable[[str], Verdict | None]) -> Turn | None:
    """Return what became of the draft, as `judge` sees draft and answer; None where there was but one version.

    A judge that fails, or says nothing, says nothing about the turn: None as well.
    """
    way = versions(trace)
    if not way:
        return None
    first, last = judge(way[0].answer), judge(way[-1].answer)
    if first is None or last is None or first.error is not None or last.error is not None:
        return None
    if first.passed:
        return "kept" if last.passed else "broken"
    return "mended" if last.passed else "missed"


def told(turns: Iterable[Turn | None]) -> str:
    """Return how many answers were mended and broken, in words, or nothing where nothing was revised.

    >>> told(["mended", "kept", None, "mended"])
    'thinking again: 2 mended, 0 broken, 1 kept, 0 missed'
    """
    counts = Counter(turn for turn in turns if turn is not None)
    if not counts:
        return ""
    kinds: tuple[Turn, ...] = ("mended", "broken", "kept", "missed")
    return "thinking again: " + ", ".join(f"{counts[kind]} {kind}" for kind in kinds)

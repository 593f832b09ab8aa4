"""search: n draws, and the one that a verifier likes best. Without a verifier, an oracle: what n draws contain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.exam.rung import Done, Line, Room, Said
from nightschool.exam.rungs.asking import first_draws, said
from nightschool.exam.rungs.draws import ManyDraws, widths
from nightschool.items import Trace
from nightschool.think.best_of_n import BestOfN
from nightschool.think.standing import is_answer, standing

NEVER = "it is an oracle: only the reference, which sees the target, can tell which draw is right"


class SearchRung(ManyDraws):
    """Rows `search/n=1`, `search/n=4`, `search/n=16`: nested prefixes of the same draws, after k worked examples.

    With a verifier the row's answer is the draw it likes best. With a reference alone the rows are called
    `oracle pass@n`: the chance that one of n draws is right, without bias; it is never recommended.

    Raises BadSpec for numbers that make no sense.
    Ref: chen2021 (pass@n); cobbe2021 (verifiers).
    """

    name = "search"

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each width."""
        lines = []
        for drawn, traces in done:
            for n in widths(self.n):
                if drawn.way.needs_verifier:
                    way = replace(drawn.way, strategy=BestOfN(n).spec)
                    rows = tuple(_chosen(trace, n) for trace in traces)
                    lines.append(Line(self.called(f"search/n={n}"), rows, way))
                else:
                    rows = tuple(_drawn(trace, n) for trace in traces)
                    lines.append(Line(self.called(f"oracle pass@{n}"), rows, None, n, NEVER))
        return lines


def _chosen(trace: Trace, n: int) -> Said:
    draws, usage = first_draws(trace, n)
    return said(trace, max(filter(is_answer, draws), key=standing, default=None), usage)


def _drawn(trace: Trace, n: int) -> Said:
    """Return all draws, of which the row for n asks what n of them contain; fewer whole draws than n are missing."""
    whole = [t for t in trace.thoughts if is_answer(t) and t.finish != "cancelled"]
    _, usage = first_draws(trace, n)
    if len(whole) < n:
        return replace(said(trace, None, usage), missing=f"{len(whole)} of {n} draws came back")
    cut = sum(thought.finish == "length" for thought in whole)
    return replace(said(trace, whole[0], usage), answers=tuple(t.answer for t in whole), cut=cut)

"""vote: what most of n draws agree on. No critic takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.exam.rung import Done, Line, Room, Said
from nightschool.exam.rungs.asking import first_draws, said
from nightschool.exam.rungs.draws import ManyDraws, widths
from nightschool.items import Trace
from nightschool.search.tree import Tree
from nightschool.think.single import Answering
from nightschool.think.vote import Vote


class VoteRung(ManyDraws):
    """Rows `vote/n=4`, `vote/n=16`, ...: the majority of the first draws, after k worked examples.

    Raises BadSpec for numbers that make no sense.
    Ref: wang2022.
    """

    name = "vote"

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each width above one."""
        lines = []
        for drawn, traces in done:
            for n in (width for width in widths(self.n) if width > 1):
                vote = Vote(n)
                way = replace(drawn.way, strategy=vote.spec, needs_verifier=False)
                lines.append(Line(self.called(f"vote/n={n}"), tuple(_elected(vote, t) for t in traces), way))
        return lines


def _elected(vote: Vote, trace: Trace) -> Said:
    """Return what the first draws of `trace` agree on; judgements made for others are not counted."""
    draws, usage = first_draws(trace, vote.n)
    best = vote.best(Answering(trace.task, trace.noise, Tree(draws), told=True))
    return said(trace, best, replace(usage, judgements=0))

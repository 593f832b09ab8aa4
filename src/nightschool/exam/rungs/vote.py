"""vote: what most of n draws agree on. No critic takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.asks import CriticRole
from nightschool.exam.rung import Done, Line, Plan, Room, Said
from nightschool.exam.rungs.asking import first_draws, planned, said
from nightschool.exam.rungs.draws import check, drawing, widths
from nightschool.items import Trace
from nightschool.ports import Ability
from nightschool.search.tree import Tree
from nightschool.think.single import Answering
from nightschool.think.vote import Vote


class VoteRung:
    """Rows `vote/n=4`, `vote/n=16`, ...: the majority of the first draws, after k worked examples.

    Raises BadSpec for numbers that make no sense.
    Ref: wang2022.
    """

    name = "vote"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, n: int = 16, k: int = 0, temperature: float = 1.0) -> None:
        check(self.name, n, k, temperature)
        self.n, self.k, self.temperature = n, k, temperature

    def plan(self, room: Room) -> Plan:
        """Return n draws for each item."""
        return planned([drawing(room, self.name, self.n, self.k, self.temperature)])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each width above one."""
        lines = []
        for drawn, traces in done:
            for n in (width for width in widths(self.n) if width > 1):
                vote = Vote(n)
                way = replace(drawn.way, strategy=vote.spec, needs_verifier=False)
                after = f",k={self.k}" if self.k else ""
                lines.append(Line(f"{self.name}/n={n}{after}", tuple(_elected(vote, t) for t in traces), way))
        return lines


def _elected(vote: Vote, trace: Trace) -> Said:
    """Return what the first draws of `trace` agree on; judgements made for others are not counted."""
    draws, usage = first_draws(trace, vote.n)
    best = vote.best(Answering(trace.task, trace.noise, Tree(draws), told=True))
    return said(trace, best, replace(usage, judgements=0))

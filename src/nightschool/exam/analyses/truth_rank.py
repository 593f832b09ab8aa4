"""truth-rank: how probable the right answer is, and how many others stand before it, also where it is not what is said.

For each item the rank and the probability of the right answer's first token among all tokens, and of the whole answer
among the item's choices where it has some. An answer that is second in rank is nearly there; one that is ten-thousandth
is not known. Items that stand along a list (the presidents) are drawn along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analyses.truth_bounds import bounds, lists_alone
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.lens import drawn, through
from nightschool.exam.rung import Room
from nightschool.exam.rungs.asking import lacking
from nightschool.exam.weighing import Weighing, continuation, logp_of, place_of
from nightschool.items import Item, Noise, Sampling, Task, Thought, Trace
from nightschool.ports import Ability
from nightschool.stats import wilson

_SHOWN = 12
_DEEP = 48  # items that are looked at layer by layer, at most


@dataclass(frozen=True, slots=True)
class Weight:
    """One item. first_rank: of the first token, 0 is likeliest; first, whole: probabilities; among: rank of the whole
    answer among its choices, None without choices; token: id of the first token, where the model tells; seen: how many
    ranks it tells apart, 0 for all: a rank of `seen` means that or worse.
    """

    item: Item
    first_rank: int
    first: float
    whole: float
    among: int | None
    choices: int
    token: int | None = None
    seen: int = 0


class TruthRank:
    """Probability and rank of the right first token and the right whole answer, item by item, in the room's wording.

    layers: how many layers of a local model the first token is looked for in, over at most 48 items (0: none). Of a
    server that weighs no conversations the likeliest next tokens are asked, which give bounds. Raises BadSpec.
    """

    name = "truth-rank"
    title = "How near the truth is"
    needs: frozenset[Ability] = frozenset()
    asks = True

    def __init__(self, layers: int = 8) -> None:
        if layers < 0:
            raise BadSpec(f"truth-rank: layers is 0 or more, not {layers}")
        self.layers = layers

    def look(self, sitting: Sitting) -> Finding | str:
        """Return ranks and probabilities of the truth."""
        room = sitting.room
        known = [item for item in room.items if item.target is not None]
        if not known or room.run is None:
            return "no item has a known answer" if not known else "nothing more can be asked here"
        if lists_alone(room, known[0]):
            return bounds(sitting, known, self.name, self.title)
        if Ability.WEIGH not in room.abilities:
            return f"this model cannot: {Ability.WEIGH}"
        jobs = []
        for item in known:
            prompt = room.world.pose(item, room.wording)
            if (why := lacking(room, prompt)) is not None:
                return why
            texts = tuple(continuation(prompt, text) for text in dict.fromkeys((item.target or "", *item.choices)))
            task = Task(item, prompt, Sampling(room.world.max_answer_tokens), room.adapter)
            jobs.append(Job(Weighing(texts), task, Noise((room.seed, self.name, item.id))))
        weights = [weight for trace in room.run(jobs) if (weight := weighed(trace)) is not None]
        if not weights:
            return "the model told no log-probabilities"
        finding = self._finding(weights, len(known))
        return self._deeper(finding, room, weights)

    def _deeper(self, finding: Finding, room: Room, weights: Sequence[Weight]) -> Finding:
        """Return the finding with the first token's rank in the layers before the last, where they can be read."""
        told = [w for w in weights if w.token is not None]
        some = told[:: max(1, -(-len(told) // _DEEP))]
        asked = [(w.item, room.world.pose(w.item, room.wording), w.token or 0) for w in some]
        found = through(room, asked, self.layers)
        if not found:
            return finding
        first = next((each.layer for each in found if sum(r == 0 for r in each.ranks.values()) * 2 >= len(some)), None)
        where = (
            f"from layer {first} on the right first token is the likeliest for half of them" if first is not None
            else "in no layer is the right first token the likeliest for half of them"
        )  # fmt: skip
        deep = [[each.layer, 1 + median(each.ranks.values()), median(each.logps.values())] for each in found]
        return replace(
            finding,
            notes=(*finding.notes, f"Layer by layer, over {len(some)} items: {where}."),
            drawings=(*finding.drawings, *drawn(found, place_of, [w.item for w in some])),
            facts={**finding.facts, "layers": deep},
        )

    def _finding(self, weights: Sequence[Weight], asked: int) -> Finding:
        n = len(weights)
        seen = max(weight.seen for weight in weights)
        levels = [k for k in (1, 5, 20) if not seen or k <= seen]
        top = {k: wilson(sum(weight.first_rank < k for weight in weights), n) for k in levels}
        placed = sorted(
            ((place, weight) for weight in weights if (place := place_of(weight.item)) is not None),
            key=lambda pair: pair[0],
        )
        along = len(placed) >= 0.5 * n
        order = [w for _, w in placed] if along else sorted(weights, key=lambda w: (w.first_rank, -w.first))
        xs = [float(p) for p, _ in placed] if along else [float(i + 1) for i in range(n)]
        among = ", ".join(f"among the first {k} for {top[k].value:.0%}" for k in levels[1:])
        notes = [
            f"The right first token is the likeliest for {top[1].value:.0%} of the items ({top[1].low:.0%} to "
            f"{top[1].high:.0%})" + (f", {among}." if among else ".")
        ]
        if seen:
            beyond = sum(weight.first_rank >= seen for weight in weights)
            notes.append(
                f"This server tells its {seen} likeliest tokens alone: for {beyond} items the rank is a bound, "
                f"{seen + 1} or worse. Probabilities are exact."
            )
        chosen = [weight for weight in weights if weight.among is not None]
        if chosen:
            first = wilson(sum(weight.among == 0 for weight in chosen), len(chosen))
            notes.append(
                f"Among the choices, the right whole answer is the likeliest for {first.value:.0%} of {len(chosen)} "
                f"({first.low:.0%} to {first.high:.0%}); a guess would be right for "
                f"{sum(1 / weight.choices for weight in chosen) / len(chosen):.0%}."
            )
        if n < asked:
            notes.append(f"{asked - n} items could not be weighed and are left out.")
        rows: list[tuple[Cell, ...]] = [
            (w.item.id, w.item.target, _rank_of(w), f"{w.first:.2g}", f"{w.whole:.2g}",
             None if w.among is None else f"{w.among + 1} of {w.choices}")
            for w in sorted(weights, key=lambda w: -w.first_rank)[:_SHOWN]
        ]  # fmt: skip
        ranks = tuple((x, w.first_rank + 1.0) for x, w in zip(xs, order, strict=True))
        axis = "place in the list" if along else "items, the best known first"
        return Finding(
            self.name,
            self.title,
            f"Half of the right first tokens stand at rank {median(w.first_rank for w in weights) + 1:.0f} or before, "
            f"with a probability of {median(w.first for w in weights):.2g} or more.",
            tuple(notes),
            ("least known items", "right", "rank of first token", "its probability", "whole answer", "among choices"),
            tuple(rows),
            (
                Drawing("dots" if along else "lines", "rank of the right first token", axis, "rank", log_y=True,
                        series=(Series("rank", ranks),)),
                Drawing("dots" if along else "lines", "probability of the right first token", axis, "probability",
                        rate=True,
                        series=(Series("probability", tuple((x, w.first) for x, w in zip(xs, order, strict=True))),)),
            ),
            {
                "first_token_top": {str(k): [s.value, s.low, s.high] for k, s in top.items()},
                "ranks_to": seen,
                "items": [[w.item.id, w.first_rank + 1, w.first, w.whole, w.among] for w in weights],
            },
        )  # fmt: skip


def weighed(trace: Trace) -> Weight | None:
    """Return the truth's weight out of a trace whose first text is the target, or None where it was refused."""
    if not trace.thoughts or trace.thoughts[0].value is None or not trace.thoughts[0].value.tokens:
        return None
    item, truth = trace.task.item, trace.thoughts[0]
    logps = truth.prefix.segments[0].logps
    if not logps:
        return None
    among = _rank(trace.thoughts) if len(item.choices) > 1 and len(trace.thoughts) == len(item.choices) else None
    return Weight(
        item, int(truth.value.tokens[0]), math.exp(logps[0]), math.exp(logp_of(truth)), among, len(trace.thoughts),
        (truth.prefix.segments[0].tokens or (None,))[0], truth.value.to,
    )  # fmt: skip


def _rank_of(weight: Weight) -> Cell:
    """Return the rank as it is shown, from 1; where it is a bound, it says so."""
    bound = weight.seen and weight.first_rank >= weight.seen
    return f"{weight.seen + 1} or worse" if bound else weight.first_rank + 1


def _rank(thoughts: Sequence[Thought]) -> int:
    """Return how many of the others are likelier than the first."""
    return sum(logp_of(other) > logp_of(thoughts[0]) for other in thoughts[1:])

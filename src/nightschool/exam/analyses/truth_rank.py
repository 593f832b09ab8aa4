"""truth-rank: how probable the right answer is, and how many others stand before it, also where it is not what is said.

For each item the rank and the probability of the right answer's first token among all tokens, and of the whole answer
among the item's choices where it has some. An answer that is second in rank is nearly there; one that is ten-thousandth
is not known. Items that stand along a list (the presidents) are drawn along it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from nightschool.drive import Job
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.rungs.asking import lacking
from nightschool.exam.weighing import Weighing
from nightschool.items import Item, Noise, Prompt, Sampling, Task, Thought, Trace
from nightschool.ports import Ability
from nightschool.stats import wilson

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Weight:
    """One item. first_rank: of the first token, 0 is likeliest; first, whole: probabilities; among: rank of the whole
    answer among its choices, None without choices.
    """

    item: Item
    first_rank: int
    first: float
    whole: float
    among: int | None
    choices: int


class TruthRank:
    """Probability and rank of the right first token and the right whole answer, item by item, in the room's wording."""

    name = "truth-rank"
    title = "How near the truth is"
    needs: frozenset[Ability] = frozenset((Ability.WEIGH,))
    asks = True

    def look(self, sitting: Sitting) -> Finding | str:
        """Return ranks and probabilities of the truth."""
        room = sitting.room
        known = [item for item in room.items if item.target is not None]
        if not known or room.run is None:
            return "no item has a known answer" if not known else "nothing more can be asked here"
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
        return self._finding(weights, len(known))

    def _finding(self, weights: Sequence[Weight], asked: int) -> Finding:
        n = len(weights)
        top = {k: wilson(sum(weight.first_rank < k for weight in weights), n) for k in (1, 5, 20)}
        placed = sorted((place, weight) for weight in weights if (place := place_of(weight.item)) is not None)
        along = len(placed) >= 0.5 * n
        order = [w for _, w in placed] if along else sorted(weights, key=lambda w: (w.first_rank, -w.first))
        xs = [float(p) for p, _ in placed] if along else [float(i + 1) for i in range(n)]
        notes = [
            f"The right first token is the likeliest for {top[1].value:.0%} of the items ({top[1].low:.0%} to "
            f"{top[1].high:.0%}), among the first five for {top[5].value:.0%}, among the first twenty for "
            f"{top[20].value:.0%}."
        ]
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
            (w.item.id, w.item.target, w.first_rank + 1, f"{w.first:.2g}", f"{w.whole:.2g}",
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
                "items": [[w.item.id, w.first_rank + 1, w.first, w.whole, w.among] for w in weights],
            },
        )  # fmt: skip


def continuation(prompt: Prompt, text: str) -> str:
    """Return `text` as it would stand behind the prompt: after a space, unless a line, a turn or a bracket opens."""
    before = (prompt.text or "") + prompt.prefill
    return f" {text}" if before and (before[-1].isalnum() or before[-1] in ":;,.?!)") else text


def weighed(trace: Trace) -> Weight | None:
    """Return the truth's weight out of a trace whose first text is the target, or None where it was refused."""
    if not trace.thoughts or not trace.thoughts[0].value:
        return None
    item, truth = trace.task.item, trace.thoughts[0]
    logps = truth.prefix.segments[0].logps
    if not logps:
        return None
    among = _rank(trace.thoughts) if len(item.choices) > 1 and len(trace.thoughts) == len(item.choices) else None
    return Weight(
        item, int(truth.value[0]), math.exp(logps[0]), math.exp(truth.logp or 0.0), among, len(trace.thoughts)
    )


def _rank(thoughts: Sequence[Thought]) -> int:
    """Return how many of the others are likelier than the first."""
    return sum((other.logp or -math.inf) > (thoughts[0].logp or -math.inf) for other in thoughts[1:])


def place_of(item: Item) -> float | None:
    """Return where the item stands in its list, where it is asked for by number."""
    number = item.inputs.get("subject", "")
    return float(number) if number.isdigit() else None

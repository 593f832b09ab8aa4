"""The right first token layer by layer: what the states before the last would say through the model's own output.

A state is read with the last norm and the output head (the logit lens). Where in the depth the truth rises to the top
tells whether it was looked up early, or put together late; where it never does, no layer holds it as a word.
Ref: nostalgebraist2020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from nightschool.drive import Job
from nightschool.errors import Unsupported
from nightschool.exam.finding import Drawing, Series
from nightschool.exam.reading import Reading
from nightschool.exam.rung import Room
from nightschool.items import Item, Noise, Prompt, Sampling, Task

Lens = Callable[[Any, int, Sequence[int]], tuple[Sequence[float], Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Depth:
    """One layer. ranks (0 is likeliest), logps: of the right first token of each item, by id."""

    layer: int
    ranks: Mapping[str, int]
    logps: Mapping[str, float]


def layers_of(depth: int, count: int) -> list[int]:
    """Return `count` layers spread from the first to the last, counted as transformers does: 0 is the embedding.

    >>> layers_of(30, 4), layers_of(2, 8)
    ([0, 10, 20, 30], [0, 1, 2])
    """
    return sorted({round(place) for place in np.linspace(0, depth, min(count, depth + 1))})


def through(room: Room, asked: Sequence[tuple[Item, Prompt, int]], count: int) -> list[Depth]:
    """Return what each of `count` layers gives the right first token: asked are items, prompts and that token's id.

    Nothing where the model has no lens, or a state could not be read.
    """
    if room.lens is None or room.run is None or not asked or count < 1:
        return []
    lens, depth = room.lens
    found = []
    for layer in layers_of(depth, count):
        jobs = []
        for item, prompt, _ in asked:
            task = Task(item, prompt, Sampling(1), room.adapter)
            jobs.append(Job(Reading(layer), task, Noise((room.seed, "lens", item.id))))
        states = [trace.best.value for trace in room.run(jobs) if trace.best is not None]
        if len(states) < len(jobs):
            return []
        try:
            logps, ranks = lens(np.stack(states), layer, [token for _, _, token in asked])
        except Unsupported:  # an architecture whose last norm is not known
            return []
        ids = [item.id for item, _, _ in asked]
        found.append(Depth(layer, dict(zip(ids, ranks, strict=True)), dict(zip(ids, logps, strict=True))))
    return found


def drawn(found: Sequence[Depth], place_of: Callable[[Item], float | None], items: Sequence[Item]) -> list[Drawing]:
    """Return the median rank by layer, and where items stand along a list the ranks along it at three depths."""
    by_layer = tuple((float(each.layer), 1.0 + median(each.ranks.values())) for each in found)
    drawings = [
        Drawing("lines", "median rank of the right first token, layer by layer", "layer", "rank", log_y=True,
                series=(Series("median rank", by_layer),))
    ]  # fmt: skip
    placed = sorted((place, item.id) for item in items if (place := place_of(item)) is not None)
    if len(placed) * 2 < len(items) or len(found) < 3:
        return drawings
    shown = (found[len(found) // 2], found[3 * len(found) // 4], found[-1])
    series = tuple(
        Series(f"layer {each.layer}", tuple((place, each.ranks[id] + 1.0) for place, id in placed if id in each.ranks))
        for each in shown
    )
    drawings.append(Drawing("dots", "rank along the list, by layer", "place in the list", "rank", log_y=True,
                            series=series))  # fmt: skip
    return drawings

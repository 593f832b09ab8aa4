"""drift: how far what a model writes lies from a source whose every probability is known, in nats per letter.

Two divergences, because they fail differently. From the source to the model: text of the source is weighed by the
model; large where the model does not expect what the source does. From the model to the source: text that the model
wrote is weighed by both; large where the model writes what the source would not. Along a text the ratio of the two
probabilities falls as exp(-n D) when each letter adds as much as the one before. Then a mistake is planted, a letter
that cannot follow, and the model goes on: how long until it writes as without it?
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Drawing, Finding, Series
from nightschool.exam.rungs.asking import lacking, whole
from nightschool.exam.weighing import Weighing, continuation
from nightschool.items import Item, Noise, Sampling, Score, Task
from nightschool.ports import Ability
from nightschool.stats import bootstrap_mean
from nightschool.think.single import Single
from nightschool.worlds.dice import Dice


@dataclass(frozen=True, slots=True)
class Pair:
    """One text: log-probabilities of the text so far, after each length, by the model and by the source, in nats."""

    lengths: tuple[int, ...]
    model: tuple[float, ...]
    source: tuple[float, ...]


class Drift:
    """Divergence in nats per letter in both directions, its growth along the text, and the return after a mistake.

    items: texts of each kind; length: letters of each; floor: so much of the source's probability is spread evenly, so
    that a letter that cannot follow costs much and not infinitely much. Raises BadSpec.
    """

    name = "drift"
    title = "How far it drifts from the source"
    needs: frozenset[Ability] = frozenset((Ability.WEIGH, Ability.SAMPLE))
    asks = True

    def __init__(self, items: int = 50, length: int = 24, floor: float = 0.02) -> None:
        if items < 2 or length < 4 or not 0 < floor < 1:
            raise BadSpec(
                f"drift: items is at least 2, length at least 4, floor between 0 and 1, not {items}, {length}, {floor}"
            )
        self.items, self.length, self.floor = items, length, floor

    def look(self, sitting: Sitting) -> Finding | str:
        """Return both divergences with their intervals over texts, and what follows a planted mistake."""
        room = sitting.room
        source = getattr(room.world, "source", None)
        if source is None:
            return f"{room.world.spec} has no source whose probabilities are known"
        items = room.items[: self.items]
        if room.run is None or len(items) < 2:
            return "it takes two items or more, and a model to ask"
        if (why := lacking(room, room.world.pose(items[0], room.wording))) is not None:
            return why
        true = [
            source.sample(self.length, Dice(Noise((room.seed, "drift", item.id))), item.inputs["last"])
            for item in items
        ]
        told = self._weigh(sitting, source, list(zip(items, true, strict=True)))
        written = self._write(sitting, items, "free")
        own = [(item, text) for item, text in written if len(text) >= 2]
        sampled = self._weigh(sitting, source, own)
        if len(told) < 2 or len(sampled) < 2:
            return "fewer than two texts could be weighed (of what the model wrote, fewer than two begin with letters)"
        planted = [replace(item, inputs=_planted(item, source)) for item in items]
        after = self._write(sitting, planted, "planted")
        return self._finding(sitting, source, told, sampled, written, after)

    def _write(self, sitting: Sitting, items: Sequence[Item], purpose: str) -> list[tuple[Item, tuple[str, ...]]]:
        """Return what the model writes behind each item, as far as it is letters of the source."""
        room, jobs = sitting.room, []
        for item in items:
            task = Task(
                item,
                room.world.pose(item, room.wording),
                Sampling(2 * self.length + 4, 1.0, stop=room.wording.stop),
                room.adapter,
            )
            jobs.append(Job(Single(), task, Noise((room.seed, self.name, purpose, item.id))))
        assert room.run is not None
        symbols = room.world.source.symbols  # type: ignore[attr-defined]
        return [
            (trace.task.item, _letters(best.answer, symbols)[: self.length])
            for trace in room.run(jobs)
            if (best := whole(trace.best)) is not None
        ]

    def _weigh(self, sitting: Sitting, source: Any, texts: Sequence[tuple[Item, tuple[str, ...]]]) -> list[Pair]:
        """Return the texts weighed by the model and by the source, at a few lengths each."""
        room, jobs, asked = sitting.room, [], []
        for number, (item, text) in enumerate(texts):
            prompt = room.world.pose(item, room.wording)
            lengths = tuple(sorted({*range(4, len(text) + 1, 4), len(text)}))
            parts = tuple(continuation(prompt, " ".join(text[:n])) for n in lengths)
            task = Task(item, prompt, Sampling(1), room.adapter)
            jobs.append(Job(Weighing(parts), task, Noise((room.seed, self.name, "weigh", number))))
            asked.append((item, text, lengths))
        assert room.run is not None
        found = []
        for trace, (item, text, lengths) in zip(room.run(jobs), asked, strict=True):
            logps = [thought.logp for thought in trace.thoughts]
            if len(logps) == len(lengths) and all(logp is not None and math.isfinite(logp) for logp in logps):
                each = np.cumsum(source.logps(text, item.inputs["last"], self.floor))
                found.append(
                    Pair(lengths, tuple(float(x or 0) for x in logps), tuple(float(each[n - 1]) for n in lengths))
                )
        return found

    def _finding(
        self,
        sitting: Sitting,
        source: Any,
        told: Sequence[Pair],
        sampled: Sequence[Pair],
        written: Sequence[tuple[Item, tuple[str, ...]]],
        after: Sequence[tuple[Item, tuple[str, ...]]],
    ) -> Finding:
        rng = sitting.rng(self.name)
        forward = bootstrap_mean([[(p.source[-1] - p.model[-1]) / p.lengths[-1]] for p in told], rng)
        backward = bootstrap_mean([[(p.model[-1] - p.source[-1]) / p.lengths[-1]] for p in sampled], rng)
        left = sum(len(text) < self.length for _, text in written) / len(written)
        back = returns(source, written, after)
        entropy = source.entropy_rate()
        steps = "does not come back within them" if back is None else f"writes as without it after {back} letters"
        grown = _growth(told, -1.0), _growth(sampled, 1.0)
        return Finding(
            self.name,
            self.title,
            f"What the model writes lies {backward.value:.2f} nats per letter from the source ({backward.low:.2f} to "
            f"{backward.high:.2f}); the source lies {forward.value:.2f} from it ({forward.low:.2f} to "
            f"{forward.high:.2f}).",
            (
                f"The source itself cannot be foreseen to {entropy:.2f} nats per letter. {left:.0%} of the texts stop "
                f"being letters of the source before {self.length}; what stands before that is weighed.",
                f"After a planted mistake it {steps} (of {self.length}).",
                "A straight line means that the ratio of probabilities falls as exp(-n D): each letter adds as much.",
            ),
            drawings=(
                Drawing(
                    "lines", "nats of divergence so far", "letters", "nats",
                    series=(
                        Series("model from source", grown[1], kind="strong"),
                        Series("source from model", grown[0], kind="trained"),
                    ),
                ),
                Drawing(
                    "lines", "letters that may stand where they do", "letters", "possible", rate=True,
                    series=(
                        Series("without a mistake", possible(source, written)),
                        Series("after a planted mistake", possible(source, after), kind="trained"),
                    ),
                ),
            ),
            facts={
                "model_from_source": _plain(backward), "source_from_model": _plain(forward), "entropy_rate": entropy,
                "left_the_alphabet": left, "letters_to_return": back, "growth": [list(g) for g in grown],
            },
        )  # fmt: skip


def possible(source: Any, texts: Sequence[tuple[Item, tuple[str, ...]]]) -> tuple[tuple[float, float], ...]:
    """Return (place, share of letters there that may follow the one before), where half of the texts reach."""
    marks = [[source.allows(a, b) for a, b in pairwise((item.inputs["last"], *text))] for item, text in texts]
    longest = max((len(run) for run in marks), default=0)
    found = []
    for place in range(longest):
        there = [run[place] for run in marks if len(run) > place]
        if len(there) * 2 >= len(marks):
            found.append((float(place + 1), sum(there) / len(there)))
    return tuple(found)


def returns(
    source: Any, before: Sequence[tuple[Item, tuple[str, ...]]], after: Sequence[tuple[Item, tuple[str, ...]]]
) -> int | None:
    """Return after how many letters the share of possible ones is back at 95% of that without a mistake, or None."""
    free, hurt = possible(source, before), possible(source, after)
    if not free:
        return None
    usual = sum(share for _, share in free) / len(free)
    for place, share in hurt:
        if share >= 0.95 * usual:
            return int(place)
    return None


def _growth(pairs: Sequence[Pair], sign: float) -> tuple[tuple[float, float], ...]:
    """Return (length, mean nats of divergence up to it), over the texts that reach it, where half of them do."""
    sums: dict[int, list[float]] = {}
    for pair in pairs:
        for n, model, source in zip(pair.lengths, pair.model, pair.source, strict=True):
            sums.setdefault(n, []).append(sign * (model - source))
    there = {n: found for n, found in sorted(sums.items()) if 2 * len(found) >= len(pairs)}
    return ((0.0, 0.0), *((float(n), sum(found) / len(found)) for n, found in there.items()))


def _planted(item: Item, source: Any) -> dict[str, str]:
    """Return the item's inputs with a letter behind the text that cannot stand there."""
    last = item.inputs["last"]
    wrong = next((letter for letter in source.symbols if not source.allows(last, letter)), last)
    return {**item.inputs, "text": f"{item.inputs['text']} {wrong}", "last": wrong}


def _letters(answer: str, symbols: str) -> tuple[str, ...]:
    found: list[str] = []
    for letter in answer.replace(",", " ").split():
        if len(letter) != 1 or letter not in symbols:
            break
        found.append(letter)
    return tuple(found)


def _plain(score: Score) -> list[float]:
    return [score.value, score.low, score.high]

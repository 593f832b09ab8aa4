"""What the old self might have said: its whole next-token distributions, which an anchor holds the new self to.

Learning them instead of the tokens that were drawn has the same expected gradient without the noise of the draw, and
none at all where nothing has changed.
Ref: hinton2015 (distillation); li2016 (a network's own former outputs as targets beside a new task).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch

from nightschool.models.local import lanes
from nightschool.train.examples import Example
from nightschool.train.packing import lay_out, rows_within, split_by_length
from nightschool.train.readout import Readout, place


class OldSelf:
    """The module as it was before it learned. as_before: within it, the module is the old self.

    States are kept once read, where they are small: an anchored example is learned many times over.
    """

    def __init__(
        self, readout: Readout, as_before: Callable[[], AbstractContextManager[None]], *, micro_tokens: int
    ) -> None:
        self._readout, self._as_before, self._micro_tokens = readout, as_before, micro_tokens
        self._kept: dict[tuple[tuple[int, ...], int], torch.Tensor] = {}

    def read(self, examples: Sequence[Example], longest: int | None = 0) -> None:
        """Read all of `examples` at once, in wide passes; where states are not small, nothing is done.

        longest: of examples that can be laid out in a row, in which what they begin with is read once (None: any).
        """
        if not self._readout.small or not examples:
            return
        if longest is not None and max(len(each.tokens) for each in examples) > longest:
            for run in split_by_length([len(each.tokens) for each in examples], self._micro_tokens):
                self._kept |= self._states([examples[i] for i in run])
            return
        rows = [[examples[i] for i in run] for run in rows_within(examples, max(1, self._micro_tokens // lanes.MOST))]
        with self._as_before():
            for found in lanes.run([partial(self._row, row) for row in rows], self._readout.device):
                self._kept |= found

    def states(self, examples: Sequence[Example]) -> torch.Tensor:
        """Return states[N, d] where each learned token of `examples` is predicted, one example after the other.

        One that was not read before is read alone, so that what is read does not depend, in the last bits, on what
        else is learned with it.
        """
        found = []
        for each in examples:
            key = (each.tokens, each.start)
            states = self._kept[key] if key in self._kept else self._states([each])[key]
            if self._readout.small:
                self._kept[key] = states
            found.append(states)
        return torch.cat(found)

    def _row(self, examples: Sequence[Example]) -> dict[tuple[tuple[int, ...], int], torch.Tensor]:
        """Return the states of `examples` in one row; the module is the old self already."""
        row = lay_out(examples)
        places = [row.places[i][t - 1] for i, each in enumerate(examples) for t in range(each.start, len(each.tokens))]
        with torch.no_grad():  # of this thread
            states = self._readout.states(row.ids[None], [0] * len(places), places, row)
        return self._by_example(examples, states)

    def _states(self, examples: Sequence[Example]) -> dict[tuple[tuple[int, ...], int], torch.Tensor]:
        at = [(i, t - 1) for i, each in enumerate(examples) for t in range(each.start, len(each.tokens))]
        rows, columns = zip(*at, strict=True)
        with torch.no_grad(), self._as_before():
            states = self._readout.states(place([each.tokens for each in examples]), rows, columns)
        return self._by_example(examples, states)

    def _by_example(
        self, examples: Sequence[Example], states: torch.Tensor
    ) -> dict[tuple[tuple[int, ...], int], torch.Tensor]:
        parts = torch.split(states, [len(each.tokens) - each.start for each in examples])
        return {(each.tokens, each.start): part.clone() for each, part in zip(examples, parts, strict=True)}

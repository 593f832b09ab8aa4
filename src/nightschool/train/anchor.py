"""What the old self might have said: its whole next-token distributions, which an anchor holds the new self to.

Learning them instead of the tokens that were drawn has the same expected gradient without the noise of the draw, and
none at all where nothing has changed.
Ref: hinton2015 (distillation); li2016 (a network's own former outputs as targets beside a new task).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch

from nightschool.train.examples import Example
from nightschool.train.readout import Readout, place


class OldSelf:
    """The module as it was before it learned. as_before: within it, the module is the old self.

    States are kept once read, where they are small: an anchored example is learned many times over. Each is read alone,
    so that what is read does not depend, in the last bits, on what else was learned with it at first.
    """

    def __init__(self, readout: Readout, as_before: Callable[[], AbstractContextManager[None]]) -> None:
        self._readout, self._as_before = readout, as_before
        self._kept: dict[tuple[tuple[int, ...], int], torch.Tensor] = {}

    def states(self, examples: Sequence[Example]) -> torch.Tensor:
        """Return states[N, d] where each learned token of `examples` is predicted, one example after the other."""
        return torch.cat([self._states(example) for example in examples])

    def _states(self, example: Example) -> torch.Tensor:
        key = (example.tokens, example.start)
        if key in self._kept:
            return self._kept[key]
        columns = range(example.start - 1, len(example.tokens) - 1)
        with torch.no_grad(), self._as_before():
            states = self._readout.states(place([example.tokens]), [0] * len(columns), columns).clone()
        if self._readout.small:
            self._kept[key] = states
        return states

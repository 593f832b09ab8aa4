"""Master copies: parameters that learn in bfloat16 are moved in float32, where a small step is not rounded away.

A module computes in its own numbers, which on a CPU with AMX is several times as fast as in float32; what the optimiser
moves are the copies, and the module's parameters are set to them after each step.
Ref: micikevicius2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Masters:
    """Of the parameters `live`: themselves where they are in float32, else copies. own: what an optimiser moves."""

    def __init__(self, live: Sequence[torch.nn.Parameter]) -> None:
        self._live = list(live)
        self.own = [
            each if each.dtype == torch.float32 else torch.nn.Parameter(each.detach().float()) for each in self._live
        ]

    def take(self) -> None:
        """Move the gradients of the module's parameters to what the optimiser moves."""
        for own, live in self._pairs():
            own.grad = None if live.grad is None else live.grad.float()
            live.grad = None

    def give(self) -> None:
        """Set the module's parameters to what the optimiser made of them."""
        with torch.no_grad():
            for own, live in self._pairs():
                live.copy_(own)

    def _pairs(self) -> list[tuple[torch.nn.Parameter, torch.nn.Parameter]]:
        return [(own, live) for own, live in zip(self.own, self._live, strict=True) if own is not live]

"""The loss of a batch and its gradient, a beginning that examples share computed once.

The gradient is that of the plain computation: keys and values of the shared tokens are computed with gradient as a
batch of one and seen by every example; what flows back to them is summed, and sent on through the shared tokens once.
Logits exist only where something is learned, some hundred positions at a time.

Lessons are learned token by token; anchored examples by the divergence of the new self from the old one.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from nightschool.errors import NotANumber
from nightschool.train.anchor import OldSelf
from nightschool.train.examples import Example
from nightschool.train.grouping import Group, group_by_prefix, split_by_length
from nightschool.train.readout import Readout, place

_AT_ONCE = 256  # positions whose logits exist at the same time: 268 MB at a vocabulary of 262,144


@dataclass(frozen=True, slots=True)
class Cost:
    """What a batch took. loss: what was minimised, in nats per token: the mean over examples by weight; drift: of that,
    the divergence from the old self, as the mean over anchored examples (0 where none is); taught: the cross-entropy,
    as the mean over the others (0 where none is); tokens: of the examples; learned: of those, the ones that the loss
    is on; computed: tokens that went through the model, padding included.
    """

    loss: float
    taught: float
    drift: float
    tokens: int
    learned: int
    computed: int


_Parts = tuple[float, float]  # taught, drift


class Gradient:
    """Adds gradients to the trainable parameters of `readout.module`.

    old: what anchored examples are held to; None learns their tokens, as those of any other example.
    """

    def __init__(
        self, readout: Readout, *, micro_tokens: int, share_prefix: bool = True, old: OldSelf | None = None
    ) -> None:
        self._readout, self._old = readout, old
        layers = DynamicCache(config=readout.module.config).layers
        whole = all(isinstance(layer, DynamicLayer) for layer in layers)  # else a state that grows in place
        self.micro_tokens, self.share_prefix = micro_tokens, share_prefix and whole

    def add(self, examples: Sequence[Example]) -> Cost:
        """Add the gradient of the batch's loss to the parameters' `grad`, and return what it took.

        The loss is the mean over examples, by weight, of each one's mean over its learned tokens: an example counts
        by its weight, however long it is. Raises NotANumber.
        """
        total = sum(example.weight for example in examples)
        anchored = sum(example.weight for example in examples if self._is_anchored(example)) / total
        groups = group_by_prefix(examples) if self.share_prefix else [Group(tuple(range(len(examples))), 0)]
        taught, drift, computed = 0.0, 0.0, 0
        for group in groups:
            rows = [examples[i] for i in group.rows]
            found, used = self._add_group(rows, group.shared, total)
            taught, drift, computed = taught + found[0], drift + found[1], computed + used
        loss = taught + drift
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise NotANumber(f"the loss of this batch is {loss}; lower the rate, or train in float32")
        return Cost(
            loss,
            taught / (1 - anchored) if anchored < 1 else 0.0,
            drift / anchored if anchored else 0.0,
            sum(len(example.tokens) for example in examples),
            sum(len(example.tokens) - example.start for example in examples),
            computed,
        )

    def _is_anchored(self, example: Example) -> bool:
        return example.anchored and self._old is not None

    def _add_group(self, rows: Sequence[Example], shared: int, total: float) -> tuple[_Parts, int]:
        if not shared:
            return self._add_runs(rows, 0, None, total)
        cache = DynamicCache(config=self._readout.module.config)
        first = torch.tensor([rows[0].tokens[:shared]], device=self._readout.device)
        self._readout.body(input_ids=first, past_key_values=cache, use_cache=True)
        ends: list[torch.Tensor] = []
        leaves: list[torch.Tensor] = []
        for layer in cache.layers:
            if not isinstance(layer, DynamicLayer) or not layer.is_initialized:  # an earlier layer's are used again
                continue
            for name in ("keys", "values"):
                end = getattr(layer, name)
                leaf = end.detach().requires_grad_(end.requires_grad)
                setattr(layer, name, leaf)
                if end.requires_grad:
                    ends.append(end)
                    leaves.append(leaf)
        found, computed = self._add_runs(rows, shared, cache, total)
        back = [(end, leaf.grad) for end, leaf in zip(ends, leaves, strict=True) if leaf.grad is not None]
        if back:
            torch.autograd.backward([end for end, _ in back], [grad for _, grad in back])
        return found, computed + shared

    def _add_runs(self, rows: Sequence[Example], shared: int, cache: Any, total: float) -> tuple[_Parts, int]:
        taught, drift, computed = 0.0, 0.0, 0
        for run in split_by_length([len(row.tokens) - shared for row in rows], self.micro_tokens):
            part = [rows[i] for i in run]
            found = self._add_run(part, shared, _seen_by(cache, len(part)), total)
            taught, drift = taught + found[0], drift + found[1]
            computed += (max(len(row.tokens) for row in part) - shared) * len(part)
        return (taught, drift), computed

    def _add_run(self, rows: Sequence[Example], shared: int, cache: Any, total: float) -> _Parts:
        rows = sorted(rows, key=self._is_anchored)  # first what is taught, then what is anchored
        at = [(i, t - 1 - shared) for i, row in enumerate(rows) for t in range(row.start, len(row.tokens))]
        scale = [row.weight / (total * (len(row.tokens) - row.start)) for row in rows for _ in row.tokens[row.start :]]
        taught = [row for row in rows if not self._is_anchored(row)]
        anchored = rows[len(taught) :]
        targets = torch.tensor([t for row in taught for t in row.tokens[row.start :]], device=self._readout.device)
        before = self._old.states(anchored) if self._old is not None and anchored else None
        at_row, at_column = zip(*at, strict=True)
        states = self._readout.states(place([row.tokens[shared:] for row in rows]), at_row, at_column, cache)
        weights = torch.tensor(scale, dtype=torch.float32, device=self._readout.device)
        found, back = self._through_head(states, targets, before, weights)
        torch.autograd.backward(states, back)
        return found

    def _through_head(
        self, states: torch.Tensor, targets: torch.Tensor, before: torch.Tensor | None, weights: torch.Tensor
    ) -> tuple[_Parts, torch.Tensor]:
        """Return the loss and its gradient for states[N, d], a part of the positions at a time.

        The first of them learn targets[M], the others the distributions that before[N - M, d] gives.
        """
        sums = [0.0, 0.0]
        back = torch.empty_like(states)
        taught = len(targets)
        for kind, first, last in ((0, 0, taught), (1, taught, len(states))):
            for begin in range(first, last, _AT_ONCE):
                part = slice(begin, min(begin + _AT_ONCE, last))
                leaf = states[part].detach().requires_grad_()
                said = self._readout.log_probs(leaf)
                if kind == 0 or before is None:
                    each = -said.gather(1, targets[part, None])[:, 0]
                else:
                    with torch.no_grad():
                        would = self._readout.log_probs(before[begin - taught : part.stop - taught])
                    each = (would.exp() * (would - said)).sum(1)
                value = (each * weights[part]).sum()
                (back[part],) = torch.autograd.grad(value, leaf)
                sums[kind] += float(value.detach())
        return (sums[0], sums[1]), back


def _seen_by(cache: Any, rows: int) -> Any:
    """Return a cache for `rows` examples that begins with the shared keys and values; they are not copied."""
    if cache is None:
        return None
    seen = copy.copy(cache)
    seen.layers = []
    for layer in cache.layers:
        twin = copy.copy(layer)
        if layer.is_initialized:
            twin.keys = layer.keys.expand(rows, -1, -1, -1)
            twin.values = layer.values.expand(rows, -1, -1, -1)
        seen.layers.append(twin)
    return seen

"""The loss of a batch and its gradient, a beginning that examples share computed once.

The gradient is that of the plain computation: keys and values of the shared tokens are computed with gradient as a
batch of one and seen by every example; what flows back to them is summed, and sent on through the shared tokens once.
Logits exist only where something is learned, some hundred positions at a time.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from nightschool.errors import NotANumber
from nightschool.train.examples import Example
from nightschool.train.grouping import Group, group_by_prefix, split_by_length

_AT_ONCE = 256  # positions whose logits exist at the same time: 268 MB at a vocabulary of 262,144


@dataclass(frozen=True, slots=True)
class Cost:
    """What a batch took. loss: nats per token, the mean over examples by weight; tokens: of the examples; learned: of
    those, the ones that the loss is on; computed: tokens that went through the model, padding included.
    """

    loss: float
    tokens: int
    learned: int
    computed: int


class Gradient:
    """Adds gradients to the trainable parameters of `module`, a causal language model of transformers.

    Its output layer is applied directly where that gives the model's own logits, which is tried once; a model that
    does something more to its logits (a soft cap, a scale) is asked for them itself.
    """

    def __init__(self, module: Any, *, micro_tokens: int, share_prefix: bool = True) -> None:
        self.module = module
        self.device = next(module.parameters()).device
        layers = DynamicCache(config=module.config).layers
        whole = all(isinstance(layer, DynamicLayer) for layer in layers)  # else a state that grows in place
        self.micro_tokens, self.share_prefix = micro_tokens, share_prefix and whole
        self._body = module.get_decoder()
        self._head = module.get_output_embeddings()
        self._selects = "logits_to_keep" in inspect.signature(module.forward).parameters
        self._plain = self._head_is_plain()

    def _head_is_plain(self) -> bool:
        if self._head is None or self._body is None or self._body is self.module:
            return False
        probe = torch.arange(3, device=self.device)[None]
        with torch.no_grad():
            own = self.module(input_ids=probe, use_cache=False).logits
            ours = self._head(self._body(input_ids=probe, use_cache=False).last_hidden_state)
        return bool(torch.allclose(own.float(), ours.float(), rtol=1e-4, atol=1e-4))

    def add(self, examples: Sequence[Example]) -> Cost:
        """Add the gradient of the batch's loss to the parameters' `grad`, and return what it took.

        The loss is the mean over examples, by weight, of each one's mean over its learned tokens: an example counts
        by its weight, however long it is. Raises NotANumber.
        """
        total = sum(example.weight for example in examples)
        groups = group_by_prefix(examples) if self.share_prefix else [Group(tuple(range(len(examples))), 0)]
        loss, computed = 0.0, 0
        for group in groups:
            rows = [examples[i] for i in group.rows]
            more, used = self._add_group(rows, group.shared, total)
            loss, computed = loss + more, computed + used
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise NotANumber(f"the loss of this batch is {loss}; lower the rate, or train in float32")
        return Cost(
            loss,
            sum(len(example.tokens) for example in examples),
            sum(len(example.tokens) - example.start for example in examples),
            computed,
        )

    def _add_group(self, rows: Sequence[Example], shared: int, total: float) -> tuple[float, int]:
        if not shared:
            return self._add_runs(rows, 0, None, total)
        cache = DynamicCache(config=self.module.config)
        first = torch.tensor([rows[0].tokens[:shared]], device=self.device)
        self._body(input_ids=first, past_key_values=cache, use_cache=True)
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
        loss, computed = self._add_runs(rows, shared, cache, total)
        back = [(end, leaf.grad) for end, leaf in zip(ends, leaves, strict=True) if leaf.grad is not None]
        if back:
            torch.autograd.backward([end for end, _ in back], [grad for _, grad in back])
        return loss, computed + shared

    def _add_runs(self, rows: Sequence[Example], shared: int, cache: Any, total: float) -> tuple[float, int]:
        loss, computed = 0.0, 0
        for run in split_by_length([len(row.tokens) - shared for row in rows], self.micro_tokens):
            part = [rows[i] for i in run]
            length = max(len(row.tokens) for row in part) - shared
            loss += self._add_run(part, shared, length, _seen_by(cache, len(part)), total)
            computed += length * len(part)
        return loss, computed

    def _add_run(self, rows: Sequence[Example], shared: int, length: int, cache: Any, total: float) -> float:
        ids = torch.zeros((len(rows), length), dtype=torch.long)
        at_row: list[int] = []
        at_column: list[int] = []
        wanted: list[int] = []
        weights: list[float] = []
        for i, row in enumerate(rows):
            rest = row.tokens[shared:]
            ids[i, : len(rest)] = torch.tensor(rest)  # padding stands behind: causal attention never sees it
            learned = row.tokens[row.start :]
            at_row += [i] * len(learned)
            at_column += range(row.start - 1 - shared, row.start - 1 - shared + len(learned))
            wanted += learned
            weights += [row.weight / (total * len(learned))] * len(learned)
        given = {"input_ids": ids.to(self.device), "past_key_values": cache, "use_cache": cache is not None}
        targets = torch.tensor(wanted, device=self.device)
        scale = torch.tensor(weights, dtype=torch.float32, device=self.device)
        if self._plain:
            states = self._body(**given).last_hidden_state[at_row, at_column]
            loss, back = _through_head(self._head, states, targets, scale)
            torch.autograd.backward(states, back)
            return loss
        keep = length - min(at_column)
        logits = self.module(**given, **({"logits_to_keep": keep} if self._selects else {})).logits
        offset = length - logits.shape[1]
        chosen = logits[at_row, [column - offset for column in at_column]]
        whole = _weighted(chosen, targets, scale)
        whole.backward()
        return float(whole.detach())


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


def _weighted(logits: torch.Tensor, targets: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return (torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none") * scale).sum()


def _through_head(
    head: Any, states: torch.Tensor, targets: torch.Tensor, scale: torch.Tensor
) -> tuple[float, torch.Tensor]:
    """Return the loss and its gradient for states[N, d], a part of the positions at a time."""
    loss = 0.0
    back = torch.empty_like(states)
    for begin in range(0, len(targets), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        leaf = states[part].detach().requires_grad_()
        value = _weighted(head(leaf), targets[part], scale[part])
        (back[part],) = torch.autograd.grad(value, leaf)
        loss += float(value.detach())
    return loss, back

"""Attention within a row that holds many examples: each is looked at by itself, however many stand in the row.

A row of T tokens under a mask multiplies T x T scores, of which an example of L tokens sees L x L at most. Here keys,
values and queries are gathered example by example, attended to causally, and what a shared token sees is taken from
the first of its examples; what flows back to it from the others is summed where it was gathered. Examples of like
length stand together. On a CPU this is written out (`_Causal`): torch's own attention takes twice as long for examples
as short as these, and in bfloat16 four times as long on the way back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from nightschool.train.packing import Row

NAME = "nightschool-branching"
_PADDING = 1.3  # times the scores that a group needs, which it may have
_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Apart:
    """A row apart, in groups of examples of like length. gathers[g][B * L]: places in the row, padded with the first;
    longest[g]: L; back[T]: where among all of those each place is computed.
    """

    gathers: tuple[torch.Tensor, ...]
    longest: tuple[int, ...]
    back: torch.Tensor

    def to(self, device: torch.device) -> Apart:
        """Return it on `device`."""
        if self.back.device == device:
            return self
        return Apart(tuple(each.to(device) for each in self.gathers), self.longest, self.back.to(device))


def prepare(module: Any) -> None:
    """Let `module`, which attends through torch's own attention, attend by example where a row is being read."""
    if module.config._attn_implementation == "sdpa":
        module.set_attn_implementation(NAME)


@contextmanager
def reading(row: Row | None) -> Iterator[None]:
    """Say that what the module reads meanwhile is `row`; nothing where examples apart would be more to multiply."""
    with reading_again(None if row is None else _apart(row)):
        yield


def read_now() -> Apart | None:
    """Return what is being read by this thread, for `reading_again`."""
    now: Apart | None = getattr(_thread, "now", None)
    return now


@contextmanager
def reading_again(now: Apart | None) -> Iterator[None]:
    """Say that what the module reads meanwhile is what `read_now` returned."""
    before = read_now()
    _thread.now = now
    try:
        yield
    finally:
        _thread.now = before


def _apart(row: Row) -> Apart | None:
    order = sorted(range(len(row.places)), key=lambda i: (-len(row.places[i]), i))
    groups: list[list[int]] = []
    real = 0
    for i in order:
        size = len(row.places[i]) ** 2
        if groups and (len(groups[-1]) + 1) * len(row.places[groups[-1][0]]) ** 2 <= _PADDING * (real + size):
            groups[-1].append(i)
            real += size
        else:
            groups.append([i])
            real = size
    longest = tuple(len(row.places[group[0]]) for group in groups)
    if sum(len(group) * length**2 for group, length in zip(groups, longest, strict=True)) > len(row.ids) ** 2:
        return None
    begins = torch.empty(len(row.places), dtype=torch.long)
    gathers, begin = [], 0
    for group, length in zip(groups, longest, strict=True):
        gather = torch.empty((len(group), length), dtype=torch.long)
        for line, i in zip(gather, group, strict=True):
            line[: len(row.places[i])] = torch.tensor(row.places[i])
            line[len(row.places[i]) :] = row.places[i][0]
            begins[i] = begin
            begin += length
        gathers.append(gather.reshape(-1))
    return Apart(tuple(gathers), longest, begins[row.owners] + row.depths)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention output [1, T, H, D] of `query` [1, H, T, D], by example where a row is read."""
    now = read_now()
    if now is None:
        found, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
        return found, None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    rows = [states[0].transpose(0, 1) for states in (query, key, value)]
    if query.device.type == "cpu":
        out: torch.Tensor = _Causal.apply(*rows, now, scale)
        return out[None], None
    now = now.to(query.device)
    seen = []
    for gather, length in zip(now.gathers, now.longest, strict=True):
        q, k, v = (
            states.index_select(0, gather).view(-1, length, *states.shape[1:]).transpose(1, 2) for states in rows
        )
        found = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scale, enable_gqa=q.shape[1] != k.shape[1]
        )
        seen.append(found.transpose(1, 2).flatten(0, 1))
    return torch.cat(seen).index_select(0, now.back)[None], None


class _Causal(torch.autograd.Function):
    """Causal attention of query[T, H, D] over key[T, Hkv, D] and value[T, Hkv, E], each example by itself."""

    @staticmethod
    def forward(ctx: Any, query: Any, key: Any, value: Any, now: Apart, scale: float) -> torch.Tensor:
        kv_heads, share = key.shape[1], query.shape[1] // key.shape[1]
        kept, seen = [], []
        query = query * scale
        for gather, length in zip(now.gathers, now.longest, strict=True):
            q, k, v = (_by_head(each, gather, length, kv_heads) for each in (query, key, value))
            scores = torch.bmm(q, k.transpose(1, 2)).float().view(-1, share, length, length)
            scores.add_(_hidden(length))
            # far below the largest, exponentials would take many times as long; so many e^-80 weigh nothing
            weights = scores.sub_(scores.amax(-1, keepdim=True)).clamp_(min=-80.0).exp_()
            weights = weights.div_(weights.sum(-1, keepdim=True)).to(v.dtype).view(len(q), -1, length)
            seen.append(_by_token(torch.bmm(weights, v), kv_heads, length))
            kept += [q, k, v, weights]
        ctx.save_for_backward(*kept)
        ctx.now, ctx.scale = now, scale
        return torch.cat(seen).index_select(0, now.back)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        now, (grad,) = ctx.now, grads
        kept = iter(ctx.saved_tensors)
        count = sum(map(len, now.gathers))
        spread = grad.new_zeros((count, *grad.shape[1:])).index_copy_(0, now.back, grad)
        begin = 0
        sums: list[torch.Tensor] = []
        for gather, length in zip(now.gathers, now.longest, strict=True):
            q, k, v, weights = (next(kept) for _ in range(4))
            kv_heads = len(k) * length // len(gather)
            own = torch.arange(begin, begin + len(gather))
            to_out = _by_head(spread, own, length, kv_heads)
            begin += len(gather)
            to_v = torch.bmm(weights.transpose(1, 2), to_out)
            to_scores = torch._softmax_backward_data(torch.bmm(to_out, v.transpose(1, 2)), weights, -1, weights.dtype)
            to_q = torch.bmm(to_scores, k)
            to_k = torch.bmm(to_scores.transpose(1, 2), q)
            parts = [_by_token(each, kv_heads, length) for each in (to_q, to_k, to_v)]
            if not sums:
                sums = [part.new_zeros((len(now.back), *part.shape[1:]), dtype=torch.float32) for part in parts]
            for total, part in zip(sums, parts, strict=True):
                total.index_add_(0, gather, part.float())
        to_query, to_key, to_value = sums
        return to_query.mul_(ctx.scale).to(grad.dtype), to_key.to(grad.dtype), to_value.to(grad.dtype), None, None


def _by_head(states: torch.Tensor, gather: torch.Tensor, length: int, kv_heads: int) -> torch.Tensor:
    """Return [B * Hkv, share * L, D] of states[T, Hkv * share, D] at gather[B * L]: heads of the same keys together."""
    found = states.index_select(0, gather).view(-1, length, kv_heads, states.shape[1] // kv_heads, states.shape[2])
    return found.permute(0, 2, 3, 1, 4).reshape(found.shape[0] * kv_heads, -1, states.shape[2])


def _by_token(states: torch.Tensor, kv_heads: int, length: int) -> torch.Tensor:
    """Return [B * L, Hkv * share, D] of states[B * Hkv, share * L, D]."""
    found = states.view(len(states) // kv_heads, kv_heads, -1, length, states.shape[2]).permute(0, 3, 1, 2, 4)
    return found.reshape(found.shape[0] * length, -1, states.shape[2])


@lru_cache(64)
def _hidden(length: int) -> torch.Tensor:
    """Return what hides later tokens from earlier ones, [L, L]: finite, so that nothing becomes NaN."""
    return torch.full((length, length), -1e30).triu_(1)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)

"""Attention of one packed row of tokens over parts of the past, and the two seams through which transformers calls it.

Every new token of every branch stands in one row of length T. What a token may see is spread over parts (a shared
prefix, an item's own prompt, the branch's tail); each part gives a partial softmax, and the parts are merged by their
log-sum-exp, which is exact (dao2022, sec. 3.1; juravsky2024 for shared prefixes).

The pass in progress is held per thread while transformers' forward runs, because not every architecture hands keyword
arguments down to its attention.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache

from nightschool.errors import Unsupported
from nightschool.models.local.parts import HIDDEN, Part, Pass, Skip

NAME = "nightschool"
_SCORES = 1 << 25  # scores held at once in a partial softmax; longer rows are cut up

_thread = threading.local()


class PackedCache(Cache):
    """The cache that transformers is handed: it passes new keys and values to the pass in progress."""

    def __init__(self, running: Pass) -> None:
        super().__init__(layers=[])
        self.running = running

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store keys and values, each [1, Hkv, T, D], and give them back unchanged."""
        self.running.store(layer_idx, key_states, value_states)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return 0: positions are always given."""
        return 0


@contextmanager
def running(now: Pass) -> Iterator[PackedCache]:
    """Make `now` the pass that attention calls of this thread belong to."""
    before = getattr(_thread, "now", None)
    _thread.now = now
    try:
        yield PackedCache(now)
    finally:
        _thread.now = before


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    softcap: float | None = None,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention output [1, T, H, D] of `query` [1, H, T, D] over the parts of the pass in progress.

    Raises Unsupported for arguments whose meaning is not known here (attention sinks, position biases).
    """
    now: Pass | None = getattr(_thread, "now", None)
    if now is None:
        raise RuntimeError("the nightschool attention was called outside a pass of its runner")
    for name in ("s_aux", "sinks", "position_bias", "head_mask", "attention_bias"):
        if kwargs.get(name) is not None:
            raise Unsupported(
                f"attention with {name} is not run by the local engine; serve the model and use openai:URL"
            )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    now.attended += 1
    out: torch.Tensor | None = None
    weight: torch.Tensor | None = None
    rows = query[0].transpose(0, 1)  # [T, H, D]
    for part in now.parts:
        bias = part.bias(sliding_window, now.positions)
        if isinstance(bias, Skip):
            continue
        o, z = partial(rows, part, now.layer, scale, softcap, bias)
        if out is None or weight is None:
            out, weight = _spread(o, z, part, rows.shape[0])
        else:
            _merge(out, weight, o, z, part)
    assert out is not None
    return out.to(query.dtype)[None], None


def partial(
    rows: torch.Tensor, part: Part, layer: int, scale: float, softcap: float | None, bias: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the attention of a part's queries over its keys alone, and the log-sum-exp of its scores.

    rows[T, H, D]: queries; bias: None or broadcastable to [G, 1, Q, 1, L].
    Returns out[G, Q, H, D] and lse[G, Q, H], both float32.
    """
    keys = part.block.keys[layer][part.rows, :, part.start : part.stop]
    values = part.block.values[layer][part.rows, :, part.start : part.stop]
    q = rows[None] if part.index is None else rows[part.index]  # [G, Q, H, D]
    groups, count, heads, width = q.shape
    kv_heads, length = keys.shape[1], keys.shape[2]
    share = heads // kv_heads
    if q.dtype == torch.float32:  # fewer numbers than the scores; in lower precision it would round before the product
        q, scale = q * scale, 1.0
    most = max(1, _SCORES // (groups * heads * length))
    pieces = [(a, min(a + most, count)) for a in range(0, count, most)]
    outs, sums = [], []
    for a, b in pieces:
        piece = q[:, a:b].reshape(groups, b - a, kv_heads, share, width).permute(0, 2, 1, 3, 4)
        piece = piece.reshape(groups, kv_heads, (b - a) * share, width)
        scores = torch.matmul(piece, keys.transpose(-1, -2)).float()
        if scale != 1.0:
            scores = scores.mul_(scale)
        if softcap is not None:
            scores = scores.div_(softcap).tanh_().mul_(softcap)
        if bias is not None:
            cut = bias if bias.shape[2] == 1 else bias[:, :, a:b]
            scores.view(groups, kv_heads, b - a, share, length).add_(cut)
        top = scores.amax(-1, keepdim=True)
        total = scores.sub_(top).exp_().sum(-1, keepdim=True)
        out = torch.matmul(scores.to(values.dtype), values).float().div_(total)
        lse = top.add_(total.log_())
        shape = (groups, kv_heads, b - a, share, -1)
        outs.append(out.view(shape).permute(0, 2, 1, 3, 4).reshape(groups, b - a, heads, -1))
        sums.append(lse.view(shape).permute(0, 2, 1, 3, 4).reshape(groups, b - a, heads))
    if len(pieces) == 1:
        return outs[0], sums[0]
    return torch.cat(outs, 1), torch.cat(sums, 1)


def _spread(out: torch.Tensor, lse: torch.Tensor, part: Part, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a part's result on the whole row: out[T, H, D], lse[T, H, 1]; tokens outside the part weigh nothing."""
    out, lse = out.flatten(0, 1), lse.flatten(0, 1).unsqueeze(-1)
    if part.index is None:
        return out, lse
    if part.tokens is None:  # every token, only in another order
        return out[part.slots], lse[part.slots]
    whole = out.new_zeros((count, *out.shape[1:]))
    weight = lse.new_full((count, *lse.shape[1:]), 2 * HIDDEN)
    whole[part.tokens] = out[part.slots]
    weight[part.tokens] = lse[part.slots]
    return whole, weight


def _merge(out: torch.Tensor, weight: torch.Tensor, o: torch.Tensor, z: torch.Tensor, part: Part) -> None:
    """Merge a part's result into out[T, H, D] and weight[T, H, 1] in place."""
    o, z = o.flatten(0, 1), z.flatten(0, 1).unsqueeze(-1)
    if part.index is not None:
        o, z = o[part.slots], z[part.slots]
    if part.tokens is None:
        both = torch.logaddexp(weight, z)
        out.mul_((weight - both).exp_()).add_(o.mul_((z - both).exp_()))
        weight.copy_(both)
        return
    was = weight[part.tokens]
    both = torch.logaddexp(was, z)
    out[part.tokens] = out[part.tokens].mul_((was - both).exp_()).add_(o.mul_((z - both).exp_()))
    weight[part.tokens] = both


AttentionInterface.register(NAME, attend)

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
from nightschool.models.local.parts import AnyPart, Pass, Skip, TailPart

NAME = "nightschool"
_LEAST = -80.0  # below, the exponential of a CPU's vector library takes forty times as long; e^-80 weighs nothing

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
    rows = query[0].transpose(0, 1)  # [T, H, D]
    if rows.dtype == torch.float32:  # fewer numbers than the scores; otherwise it would round too early
        rows, scale = rows * scale, 1.0
    rows = rows.contiguous()
    out: torch.Tensor | None = None
    weight: torch.Tensor | None = None  # log-sum-exp of the scores so far
    for part in now.own:  # every token is in one of them
        o, z = _partial(rows, part, now, scale, softcap, sliding_window)
        if out is None or weight is None:
            if len(o) == len(rows) and isinstance(part.tokens, slice):
                out, weight = o, z
                continue
            out, weight = o.new_empty((len(rows), *o.shape[1:])), z.new_empty((len(rows), *z.shape[1:]))
        out[part.tokens], weight[part.tokens] = o, z
    assert out is not None
    assert weight is not None
    for part in now.shared:
        if isinstance(part.bias(sliding_window, now.positions), Skip):
            continue
        o, z = _partial(rows, part, now, scale, softcap, sliding_window)
        _merge(out, weight, o, z, part.tokens)
    return out.to(query.dtype)[None], None


def _partial(
    rows: torch.Tensor, part: AnyPart, now: Pass, scale: float, softcap: float | None, window: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the attention of a part's queries over its keys alone, and the log-sum-exp of its scores.

    rows[T, H, D]: queries of all tokens. Returns out[n, H, D] and lse[n, H, 1] of its n tokens, both float32.
    """
    keys, values = part.held(now.layer, rows.dtype)
    queries = part.queries(rows)
    groups, count, heads, width = queries.shape
    bias = part.bias(window, now.positions)
    if isinstance(part, TailPart):
        kv_heads, length = keys.shape[1], keys.shape[3]
        queries = queries.view(groups, kv_heads, heads // kv_heads, width)
        scores = torch.matmul(queries, keys)
        hidden = None if bias is None or isinstance(bias, Skip) else bias[:, :, None]
        out, lse = _softmax(scores, values, scale, softcap, hidden)
        return out.view(groups, heads, -1), lse.view(groups, heads, 1)
    kv_heads, length = keys.shape[0], keys.shape[2]
    share = heads // kv_heads
    queries = queries.view(groups, count, kv_heads, share, width).permute(2, 0, 1, 3, 4)
    queries = queries.reshape(kv_heads, groups, count * share, width)
    scores = torch.matmul(queries, keys.transpose(-1, -2)).view(kv_heads, groups, count, share, length)
    hidden = None if bias is None or isinstance(bias, Skip) else bias[:, :, None]
    out, lse = _softmax(scores, values, scale, softcap, hidden)
    out = out.view(kv_heads, groups * count, share, -1).transpose(0, 1).reshape(groups * count, heads, -1)
    lse = lse.view(kv_heads, groups * count, share, 1).transpose(0, 1).reshape(groups * count, heads, 1)
    return (out, lse) if part.real is None else (out[part.real], lse[part.real])


def _softmax(
    scores: torch.Tensor, values: torch.Tensor, scale: float, softcap: float | None, bias: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return softmax(scores) @ values and the log-sum-exp of scores, both float32; `scores` may be overwritten."""
    scores = scores.float()
    if scale != 1.0:
        scores = scores.mul_(scale)
    if softcap is not None:
        scores = scores.div_(softcap).tanh_().mul_(softcap)
    if bias is not None:
        scores = scores.add_(bias)
    top = scores.amax(-1, keepdim=True)
    scores = scores.sub_(top)
    if bias is not None:
        scores = scores.clamp_(min=_LEAST)
    scores = scores.exp_()
    total = scores.sum(-1, keepdim=True)
    weights = scores.to(values.dtype).view(*values.shape[:2], -1, values.shape[2])
    out = torch.matmul(weights, values).float()
    out = out.div_(total.view(*out.shape[:-1], 1))
    return out, top.add_(total.log_())


def _merge(
    out: torch.Tensor, weight: torch.Tensor, o: torch.Tensor, z: torch.Tensor, tokens: slice | torch.Tensor
) -> None:
    """Merge a part's result for `tokens` into out[T, H, D] and weight[T, H, 1] in place."""
    was = weight[tokens]
    share = torch.sigmoid(z - was)
    if isinstance(tokens, slice):
        out[tokens].lerp_(o, share)
    else:
        out[tokens] = out[tokens].lerp_(o, share)
    weight[tokens] = torch.logaddexp(was, z)


AttentionInterface.register(NAME, attend)

"""Attention within a row that holds many examples: each is looked at by itself, however many stand in the row.

A row of T tokens under a mask multiplies T x T scores, of which an example of L tokens sees L x L at most. Here keys,
values and queries are gathered example by example, attended to causally, and what a shared token sees is taken from
the first of its examples; what flows back to it from the others is summed where it was gathered. On a CPU the batch is
in float32: torch's attention for bfloat16 takes four times as long backwards there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from nightschool.train.packing import Row

NAME = "nightschool-branching"
_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Apart:
    """A row apart. gather[B * L]: places in the row; back[T]: where among those each place is computed; longest: L."""

    gather: torch.Tensor
    back: torch.Tensor
    longest: int


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
    longest = max(map(len, row.places))
    if len(row.places) * longest**2 > len(row.ids) ** 2:
        return None
    gather = torch.zeros((len(row.places), longest), dtype=torch.long)
    for i, places in enumerate(row.places):
        gather[i, : len(places)] = torch.tensor(places)
    return Apart(gather.reshape(-1), row.owners * longest + row.depths, longest)


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
    device = query.device
    gather, back = now.gather.to(device), now.back.to(device)

    def apart(states: torch.Tensor) -> torch.Tensor:
        heads, size = states.shape[1], states.shape[3]
        found = states[0].transpose(0, 1).index_select(0, gather).view(-1, now.longest, heads, size).transpose(1, 2)
        if device.type == "cpu":
            found = found.float()
        return found if heads == query.shape[1] else found.repeat_interleave(query.shape[1] // heads, 1)

    seen = torch.nn.functional.scaled_dot_product_attention(
        apart(query), apart(key), apart(value), is_causal=True, scale=scaling
    )
    flat = seen.transpose(1, 2).reshape(len(gather), query.shape[1], value.shape[3])
    return flat.index_select(0, back)[None].to(query.dtype), None


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)

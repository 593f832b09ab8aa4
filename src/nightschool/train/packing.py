"""Examples in one row: a token that several of them begin with stands there once.

The row is a tree of tokens in depth-first order. Each token stands at its depth and sees itself and its ancestors
alone, so what is computed for it is what would be computed in its example, and nothing is padded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nightschool.train.examples import Example


@dataclass(frozen=True, slots=True)
class Row:
    """ids[T]; depths[T]: the position of each token in its examples; sees[T, T]: whether the first sees the second;
    places: for each example, where each of its tokens stands in the row; owners[T]: the first example that each token
    stands in.
    """

    ids: torch.Tensor
    depths: torch.Tensor
    sees: torch.Tensor
    places: tuple[tuple[int, ...], ...]
    owners: torch.Tensor

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """Return what is added to attention scores, [1, 1, T, T]: 0 for what is seen."""
        hidden = torch.zeros(self.sees.shape, dtype=dtype).masked_fill_(~self.sees, torch.finfo(dtype).min)
        return hidden[None, None]


def lay_out(examples: Sequence[Example]) -> Row:
    """Return `examples` as one row."""
    known: dict[tuple[int, int], int] = {}
    parents: list[int] = []
    ids: list[int] = []
    depths: list[int] = []
    owners: list[int] = []
    places = []
    for owner, example in enumerate(examples):
        place, path = -1, []
        for depth, token in enumerate(example.tokens):
            step = (place, token)
            if step not in known:
                known[step] = len(ids)
                ids.append(token)
                depths.append(depth)
                parents.append(place)
                owners.append(owner)
            place = known[step]
            path.append(place)
        places.append(tuple(path))
    sees = np.eye(len(ids), dtype=bool)  # filled row by row, which has less to do in numpy
    for place, parent in enumerate(parents):
        if parent >= 0:
            sees[place, : parent + 1] = sees[parent, : parent + 1]
    return Row(torch.tensor(ids), torch.tensor(depths), torch.from_numpy(sees), tuple(places), torch.tensor(owners))


def rows_within(examples: Sequence[Example], limit: int) -> list[list[int]]:
    """Return indices of `examples` in runs whose rows hold at most `limit` tokens; each run has at least one.

    Examples are taken in lexicographic order, in which those that begin alike stand together.
    """
    runs: list[list[int]] = []
    size = 0
    for i in sorted(range(len(examples)), key=lambda i: (examples[i].tokens, i)):
        tokens = examples[i].tokens
        new = len(tokens) - (_common(tokens, examples[runs[-1][-1]].tokens) if runs else 0)
        if runs and size + new <= limit:
            runs[-1].append(i)
            size += new
        else:
            runs.append([i])
            size = len(tokens)
    return runs


def even_rows(examples: Sequence[Example], limit: int, least: int) -> list[list[int]]:
    """Return runs as `rows_within` does, of like sizes and an even number of them: two can be computed side by side.

    least: tokens below which there is one run. An odd number stays where the examples cannot be parted otherwise.
    """
    runs = rows_within(examples, limit)
    if len(runs) == len(rows_within(examples, least - 1)) == 1:
        return runs
    wanted = len(runs) + len(runs) % 2
    low, high = 1, limit  # the smallest limit that gives so many runs makes them alike
    while low < high:
        middle = (low + high) // 2
        if len(rows_within(examples, middle)) <= wanted:
            high = middle
        else:
            low = middle + 1
    return rows_within(examples, low)


def split_by_length(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Return indices in runs of similar length whose padded size stays within `limit`; each run has at least one."""
    runs: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if runs and lengths[runs[-1][0]] * (len(runs[-1]) + 1) <= limit:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def longest_packed(body: Any) -> int | None:
    """Return how long examples may be for `body`, a decoder of transformers, to compute them in a row (None: any).

    0 for one that cannot: with a state that runs along the row, or positions of its own making. That is tried once,
    on a small tree. A sliding window hides by place in the row, not by depth, so that examples must fit into it.
    """
    alike = (Example((0, 1, 2), 1), Example((0, 1, 1), 1))
    row = lay_out(alike)
    weight = next(body.parameters())
    noise = 1e-3 if weight.dtype == torch.float32 else 5e-2
    try:
        with torch.no_grad():
            packed = body(
                input_ids=row.ids[None].to(weight.device), position_ids=row.depths[None].to(weight.device),
                attention_mask=row.mask(weight.dtype).to(weight.device), use_cache=False,
            ).last_hidden_state[0].float()  # fmt: skip
            for example, places in zip(alike, row.places, strict=True):
                ids = torch.tensor([example.tokens], device=weight.device)
                alone = body(input_ids=ids, use_cache=False).last_hidden_state[0].float()
                if float((packed[list(places)] - alone).abs().max()) > noise * float(alone.abs().max()):
                    return 0
    except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):  # it takes no such mask, or no positions
        return 0
    config = body.config.get_text_config()
    windows = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((window for window in windows if isinstance(window, int)), default=None)


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return i
    return min(len(first), len(second))

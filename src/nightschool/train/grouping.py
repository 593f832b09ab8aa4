"""Which examples share a beginning that is worth computing once: an exact partition, by dynamic programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.train.examples import Example

_PASS = 24  # what one more forward pass costs beside its tokens, in tokens (about, on two cores)


@dataclass(frozen=True, slots=True)
class Group:
    """Examples whose first `shared` tokens are equal; rows: their indices. shared is 0 where nothing is shared."""

    rows: tuple[int, ...]
    shared: int


def group_by_prefix(examples: Sequence[Example]) -> list[Group]:
    """Return the partition of `examples` into groups that costs fewest tokens, the shared ones counted once a group.

    In a group the last token before the first learned one is never shared: from it the answer is predicted.
    Examples in lexicographic order that share a beginning stand together, so groups are runs of that order, and the
    shared length of a run is that of its first and last.
    """
    order = sorted(range(len(examples)), key=lambda i: examples[i].tokens)
    count = len(order)
    best: list[float] = [0.0] + [float("inf")] * count
    cut, shares = [0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        own, limit = 0, len(examples[order[end - 1]].tokens)
        for begin in range(end - 1, -1, -1):
            example = examples[order[begin]]
            own += len(example.tokens)
            limit = min(limit, example.start - 1)
            size = end - begin
            shared = min(limit, _common(example.tokens, examples[order[end - 1]].tokens)) if size > 1 else 0
            if shared * (size - 1) <= _PASS:
                shared = 0
            cost = best[begin] + own - shared * max(size - 1, 0) + _PASS * (2 if shared else 1)
            if cost < best[end]:
                best[end], cut[end], shares[end] = cost, begin, shared
    groups: list[Group] = []
    end = count
    while end:
        groups.append(Group(tuple(sorted(order[cut[end] : end])), shares[end]))
        end = cut[end]
    return groups[::-1]


def split_by_length(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Return indices in runs of similar length whose padded size stays within `limit`; each run has at least one."""
    runs: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if runs and lengths[runs[-1][0]] * (len(runs[-1]) + 1) <= limit:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    for i, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return i
    return min(len(first), len(second))

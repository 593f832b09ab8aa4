"""From branches and pieces to the parts of a pass: what is attended to where it lies, and what is brought together.

A stretch of the trie that many queries see is multiplied in place, once. The many short ones (the digits by which items
differ, an item's own words) are gathered by path, so that a pass has few products, however many nodes there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from nightschool.models.local.parts import Group, PoolPart, alone, together
from nightschool.models.local.pool import Pool
from nightschool.models.local.trie import Node

HEAVY = 512  # tokens that gathering would copy, from which on a stretch is worth a product of its own
_PRIVATE = 256  # tokens that a branch copies at most
_RUN = 256  # tokens of a long piece that are one group: half of what they see of themselves is computed for nothing


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens a..b of `node` to be computed; wanted: at which of them (counted from the node's beginning) logits are."""

    node: Node
    a: int
    b: int
    wanted: Sequence[int] = ()

    def __len__(self) -> int:
        return self.b - self.a


class Stretch(NamedTuple):
    """Tokens start..stop of a node."""

    node: Node
    start: int
    stop: int

    @property
    def slots(self) -> np.ndarray:
        """Return where their keys and values are."""
        assert self.node.held is not None
        return self.node.held.at[self.start : self.stop]

    @property
    def places(self) -> np.ndarray:
        """Return their positions."""
        return np.arange(self.node.begin + self.start, self.node.begin + self.stop)


@dataclass(frozen=True, slots=True)
class User:
    """Tokens (indices into the packed row) that see all of `above`, and of `own` what is not behind them."""

    above: Sequence[Stretch]
    own: Sequence[Stretch]
    tokens: np.ndarray


def whole(path: Sequence[Node]) -> list[Stretch]:
    """Return all of the nodes of a path."""
    return [Stretch(node, 0, len(node)) for node in path if len(node)]


def divide(leaf: Node, among: Mapping[Node, int], draws: int, root: Node) -> tuple[Node, list[Node]]:
    """Return where the path to `leaf` ends as far as branches share it, and the nodes behind, which a branch copies.

    among: through how many prefixes a node goes; draws: how many branches continue this one. Long runs are not copied.
    """
    path = leaf.path()
    if draws > 1:
        return leaf, []
    end = next((i for i in range(len(path), 0, -1) if len(path[i - 1]) * among[path[i - 1]] >= HEAVY), 0)
    if sum(len(node) for node in path[end:]) > _PRIVATE:
        return leaf, []
    return path[end - 1] if end else root, path[end:]


def users_of(pieces: Sequence[Piece], start: int) -> list[User]:
    """Return who attends to what when `pieces` stand in the packed row from `start` on; a parent precedes a child.

    Pieces that follow each other on one path are one user, so that they share their products.
    """
    users: list[User] = []
    above: list[Stretch] = []
    own: list[Stretch] = []
    begin = at = start
    last: Piece | None = None

    def close() -> None:
        nonlocal above, own, begin
        if own:
            users.append(User(above, own, np.arange(begin, at)))
        above, own, begin = [*above, *own], [], at

    for piece in pieces:
        goes_on = last is not None and piece.a == 0 and piece.node.parent is last.node and last.b == len(last.node)
        if not goes_on:
            close()
            assert piece.node.parent is not None
            above = whole(piece.node.parent.path())
            if piece.a:
                above.append(Stretch(piece.node, 0, piece.a))
        a = piece.a
        while a < piece.b:
            stop = min(piece.b, a + _RUN - (at - begin))
            own.append(Stretch(piece.node, a, stop))
            at += stop - a
            a = stop
            if at - begin == _RUN:
                close()
        last = piece
    close()
    return users


def parts_of(users: Sequence[User], pool: Pool, device: torch.device) -> tuple[list[PoolPart], list[PoolPart]]:
    """Return parts that have the tokens of every user once, and parts of what they see beside (in place).

    A user without anything to gather has its tokens in none of the former.
    """
    count: Counter[Stretch] = Counter()
    for user in users:
        count.update(user.above)
    in_place: dict[tuple[Stretch, ...], list[np.ndarray]] = {}
    gathered: list[Group] = []
    for user in users:
        light: list[Stretch] = []
        run: list[Stretch] = []
        for stretch in user.above:
            if (stretch.stop - stretch.start) * count[stretch] < HEAVY:
                light.append(stretch)
                continue
            if run and count[run[-1]] != count[stretch]:
                in_place.setdefault(tuple(run), []).append(user.tokens)
                run = []
            run.append(stretch)
        if run:
            in_place.setdefault(tuple(run), []).append(user.tokens)
        light += user.own
        if light:
            gathered.append(_group(light, user.tokens))
    shared: list[PoolPart] = []
    for stretches, tokens in in_place.items():
        shared += alone(_group(stretches, np.sort(np.concatenate(tokens))), pool, device)
    return together(gathered, pool, device), shared


def _group(stretches: Sequence[Stretch], tokens: np.ndarray) -> Group:
    if len(stretches) == 1:
        return Group(stretches[0].slots, stretches[0].places, tokens)
    slots = np.concatenate([stretch.slots for stretch in stretches])
    return Group(slots, np.concatenate([stretch.places for stretch in stretches]), tokens)

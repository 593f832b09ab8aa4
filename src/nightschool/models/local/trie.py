"""Runs of tokens with their keys and values, shared by every branch that begins with them.

A radix tree (morrison1968; zheng2024 for caching): a node holds the tokens between two branching points. Nodes are
immutable once computed, except that a node may be split in two, each with its part of the storage. Forking a branch is
another reference to a node; rolling back is a reference to a node further up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import torch

from nightschool.models.local.pool import Held

Ids = np.ndarray


class Node:
    """A run of tokens after `parent`.

    begin: position of its first token; held: where the keys and values of its tokens are or will be; done: how many
    tokens have them; logits[V]: what follows its last token, held while somebody waits for it; pins: how many users.
    """

    __slots__ = ("begin", "children", "done", "held", "last_used", "logits", "parent", "pins", "tokens")

    def __init__(self, tokens: Ids, parent: Node | None, begin: int) -> None:
        self.tokens = tokens
        self.parent = parent
        self.begin = begin
        self.children: dict[int, Node] = {}
        self.held: Held | None = None
        self.done = 0
        self.pins = 0
        self.last_used = 0
        self.logits: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def complete(self) -> bool:
        """Return whether every token has its keys and values."""
        return self.done == len(self.tokens)

    @property
    def end(self) -> int:
        """Return the position behind the last token."""
        return self.begin + len(self.tokens)

    def path(self) -> list[Node]:
        """Return the nodes from the root's child down to this one."""
        nodes: list[Node] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            nodes.append(node)
            node = node.parent
        return nodes[::-1]


class Trie:
    """All runs of one set of weights."""

    def __init__(self) -> None:
        self.root = Node(np.empty(0, dtype=np.int64), None, 0)
        self.clock = 0

    def insert(self, ids: Ids) -> Node:
        """Return the node that ends with the last of `ids` (at least one), made or split off where there was none."""
        self.clock += 1
        node, at = self.root, 0
        while at < len(ids):
            child = node.children.get(int(ids[at]))
            if child is None:
                child = Node(np.array(ids[at:], dtype=np.int64), node, at)
                node.children[int(ids[at])] = child
            else:
                common = _common(child.tokens, ids[at:])
                if common < len(child):
                    child = self._split(child, common)
            child.last_used = self.clock
            at += len(child)
            node = child
        return node

    def known(self, ids: Ids) -> int:
        """Return how many of the first `ids` have keys and values already."""
        node, at = self.root, 0
        while at < len(ids):
            child = node.children.get(int(ids[at]))
            if child is None:
                break
            common = min(_common(child.tokens, ids[at:]), child.done)
            at += common
            if common < len(child):
                break
            node = child
        return at

    def _split(self, node: Node, at: int) -> Node:
        """Return a new node for the first `at` tokens of `node`, which keeps the rest (and whoever refers to it)."""
        upper = Node(node.tokens[:at], node.parent, node.begin)
        assert node.parent is not None
        node.parent.children[int(node.tokens[0])] = upper
        upper.held = None if node.held is None else node.held.split(at)
        upper.done = min(node.done, at)
        upper.last_used = node.last_used
        upper.children = {int(node.tokens[at]): node}
        node.tokens = node.tokens[at:]
        node.parent, node.begin = upper, node.begin + at
        node.done = max(0, node.done - at)
        return upper

    def nodes(self) -> Iterator[Node]:
        """Yield every node, parents first."""
        stack = list(self.root.children.values())
        while stack:
            node = stack.pop()
            yield node
            stack.extend(node.children.values())

    def evict(self, tokens: int = 1) -> int:
        """Forget runs that nobody needs, those used longest ago first, until they held `tokens`; return how many."""
        idle = [(node.last_used, id(node), node) for node in self.nodes() if not node.children and not node.pins]
        heapq.heapify(idle)
        gone = 0
        while idle and gone < tokens:
            node = heapq.heappop(idle)[2]
            parent = node.parent
            assert parent is not None
            del parent.children[int(node.tokens[0])]
            gone += len(node) if node.held is not None else 0
            node.held, node.done, node.logits = None, 0, None
            if parent is not self.root and not parent.children and not parent.pins:
                heapq.heappush(idle, (parent.last_used, id(parent), parent))
        return gone


def _common(a: Ids, b: Ids) -> int:
    """Return the length of the common prefix of `a` and `b`."""
    count = min(len(a), len(b))
    differ = np.flatnonzero(a[:count] != b[:count])
    return int(differ[0]) if len(differ) else count

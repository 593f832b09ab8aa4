"""One set of weights with its trie and its live branches: composes packed passes and runs them."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from nightschool.errors import NotANumber
from nightschool.models.local import attention
from nightschool.models.local.blocks import Pool
from nightschool.models.local.parts import Part, Pass, Run, batch, spans
from nightschool.models.local.tails import Tails
from nightschool.models.local.trie import Node, Trie

_SHARED = 3  # storage spans of a path that are attended to where they lie; deeper ones are copied to the tail
_BLOCKS = 4  # blocks a level may be spread over before they are brought together


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens a..b of `node` to be computed; wanted: at which of them (counted from the node's beginning) logits are."""

    node: Node
    a: int
    b: int
    wanted: Sequence[int] = ()


@dataclass(slots=True, eq=False)
class Row:
    """A live branch as the runner sees it: the leaf of its shared path, and the token it feeds next."""

    leaf: Node
    token: int
    base: int


@dataclass(slots=True)
class Outcome:
    """Logits of a pass. decoded[n, V]: after each live branch; pieces: [len(wanted), V] for each; asked: [V] each.

    hidden: for each recomputed node the states [layers + 1, d] at its last token, where they were wanted.
    """

    decoded: torch.Tensor
    pieces: list[torch.Tensor]
    asked: list[torch.Tensor]
    hidden: list[torch.Tensor] = field(default_factory=list)


class Runner:
    """A module with its trie, its storage and its branches.

    memory: bytes that keys and values may take, together with those of the other runners in `family` (this one is put
    into it); rows: the live branches in packed order. The caller adds and removes them, and pins what it uses.
    """

    def __init__(self, module: Any, memory: int, bytes_per_token: int, family: list[Runner] | None = None) -> None:
        self.module = module
        self.family = [] if family is None else family
        self.family.append(self)
        self.device = next(module.parameters()).device
        self.memory = memory
        self.pool = Pool(bytes_per_token)
        self.trie = Trie()
        self.tails = Tails(self.pool)
        self.rows: list[Row] = []
        self._shared: list[Part] | None = None  # parts of the rows' shared paths, while the rows stay the same
        self._selects = "logits_to_keep" in inspect.signature(module.forward).parameters

    # --- memory -------------------------------------------------------------------------------------------------

    def room(self, more: int, tails: Sequence[int] = ()) -> bool:
        """Return whether `more` bytes fit beside all that is held or promised, forgetting idle runs to make them fit.

        tails: final lengths of branches about to be added.
        """
        family = [self, *(other for other in self.family if other is not self)]
        while self.tails.reserved(tails) - self.tails.reserved() + more + sum(r.held for r in family) > self.memory:
            if not any(runner.trie.evict() for runner in family):
                return False
        return True

    @property
    def held(self) -> int:
        """Return the bytes that this runner's runs hold and that its branches may come to hold."""
        return self.pool.bytes - self.tails.bytes + self.tails.reserved()

    def place(self, nodes: Sequence[Node]) -> list[Node]:
        """Give `nodes` storage, runs of like length in one block; return those for which there was room."""
        placed: list[Node] = []
        classes: dict[int, list[Node]] = defaultdict(list)
        for node in nodes:
            if node.block is None:
                classes[max(len(node) - 1, 7).bit_length()].append(node)
            else:
                placed.append(node)
        for group in classes.values():
            widest = max(len(node) for node in group)
            while group and not self.room(len(group) * widest * self.pool.bytes_per_token):
                group = group[: len(group) // 2]
            if group:
                block = self.pool.block(len(group), widest)
                for row, node in enumerate(group):
                    node.block, node.row, node.start = block, row, 0
                placed += group
        return placed

    # --- branches -----------------------------------------------------------------------------------------------

    def divide(self, leaf: Node) -> tuple[Node, list[Node]]:
        """Return where the shared part of the path to `leaf` ends, and the nodes behind it, which a branch copies."""
        path = leaf.path()
        private: list[Node] = []
        while len(spans(path)) > _SHARED:
            private.insert(0, path.pop())
        return path[-1], private

    def add(self, leaf: Node, token: int, more: int) -> None:
        """Add a branch after `leaf` that feeds `token` next, and at most `more` tokens in all."""
        shared, private = self.divide(leaf)
        self.tails.add(shared.end, more + sum(len(node) for node in private), private)
        self.rows.append(Row(shared, token, shared.end))
        self._shared = None

    def remove(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """Remove branches; return (from, to) for each that moved into a gap."""
        moved = self.tails.remove(rows)
        for source, target in moved:
            self.rows[target] = self.rows[source]
        del self.rows[len(self.tails) :]
        self._shared = None
        return moved

    def freeze(self, row: int, ids: np.ndarray) -> None:
        """Keep what a branch wrote: `ids` is the whole prefix and the part of its tail that may be continued."""
        held = self.trie.known(ids)
        base = self.rows[row].base
        last = base + int(self.tails.lengths[row])
        if held >= min(len(ids), last) or held < base or self.tails.block is None:
            return
        node = self.trie.insert(ids[: min(len(ids), last)])
        if node.block is not None or node.begin < base or not self.room(len(node) * self.pool.bytes_per_token):
            return
        node.block = self.pool.block(1, len(node))
        node.block.copy_from(0, 0, self.tails.block, row, node.begin - base, node.end - base)
        node.done = len(node)

    # --- passes -------------------------------------------------------------------------------------------------

    def run(self, pieces: Sequence[Piece], again: Sequence[Node] = (), *, states: bool = False) -> Outcome:
        """Feed every live branch its token and compute `pieces`, and return the logits.

        again: complete nodes whose last token is fed once more, for its logits; states: tell their hidden states.
        Raises NotANumber, naming the first layer whose output was not finite.
        """
        count = len(self.rows)
        self.tails.grow()
        ids = [np.array([row.token for row in self.rows], dtype=np.int64)]
        positions = [self.tails.base + self.tails.lengths]
        wanted = list(range(count))
        at, starts = count, []
        for piece in pieces:
            starts.append(at)
            ids.append(piece.node.tokens[piece.a : piece.b])
            positions.append(np.arange(piece.node.begin + piece.a, piece.node.begin + piece.b))
            wanted += [at + offset - piece.a for offset in piece.wanted]
            at += piece.b - piece.a
        ids.append(np.array([node.tokens[-1] for node in again], dtype=np.int64))
        positions.append(np.array([node.end - 1 for node in again], dtype=np.int64))
        wanted += range(at, at + len(again))
        now = Pass(np.concatenate(ids), np.concatenate(positions), self.device)
        self._compose(now, pieces, starts, again, at + len(again))
        logits, hidden = self._forward(now, wanted, states)
        self.tails.lengths = self.tails.lengths + 1
        sizes = [count, *(len(piece.wanted) for piece in pieces), len(again)]
        decoded, *rest = logits.split(sizes)
        outcome = Outcome(decoded, list(rest[:-1]), list(rest[-1]))
        if states:
            stack = torch.stack([layer[0, at:] for layer in hidden], 1).float()
            outcome.hidden = list(stack)
        return outcome

    def _compose(
        self, now: Pass, pieces: Sequence[Piece], starts: Sequence[int], again: Sequence[Node], total: int
    ) -> None:
        count = len(self.rows)
        only = total == count
        if count:
            shared = self._shared if only else None
            if shared is None:
                paths: dict[int, tuple[Node, list[int]]] = {}
                for i, row in enumerate(self.rows):
                    paths.setdefault(id(row.leaf), (row.leaf, []))[1].append(i)
                users = list(paths.values())
                if self._shared is None:
                    self._gather(users)
                shared = self._levels(users, total)
                self._shared = shared if only else self._shared
            now.parts += [part.moved() for part in shared]
            now.parts.append(self.tails.part(total, self.device))
            assert self.tails.block is not None
            tokens = torch.arange(count, device=self.device)
            now.writes.append(
                (self.tails.block, tokens, torch.from_numpy(self.tails.lengths).to(self.device), slice(0, count))
            )
        users, own = [], []
        for piece, start in zip(pieces, starts, strict=True):
            node, length = piece.node, piece.b - piece.a
            assert node.block is not None
            tokens_of = range(start, start + length)
            if node.begin:
                assert node.parent is not None
                users.append((node.parent, list(tokens_of)))
            own.append(Run(node.block, node.row, node.start, node.start + piece.b, node.begin - node.start, tokens_of))
            columns = slice(node.start + piece.a, node.start + piece.b)
            now.writes.append((node.block, node.row, columns, slice(start, start + length)))
        users += [(node, [total - len(again) + i]) for i, node in enumerate(again)]
        now.parts += self._levels(users, total)
        now.parts += batch(own, total, self.device, causal=True)

    def _levels(self, users: Sequence[tuple[Node, Sequence[int]]], total: int) -> list[Part]:
        """Return parts for the paths of `users`: (leaf, tokens that attend to all of the path)."""
        levels: list[dict[tuple[int, int, int, int, int], Run]] = []
        for leaf, tokens in users:
            for depth, (block, row, start, stop, base) in enumerate(spans(leaf.path())):
                if depth == len(levels):
                    levels.append({})
                key = (id(block), row, start, stop, base)
                run = levels[depth].get(key)
                joined = [*run.tokens, *tokens] if run is not None else tokens
                levels[depth][key] = Run(block, row, start, stop, base, joined)
        return [part for level in levels for part in batch(list(level.values()), total, self.device)]

    def _gather(self, users: Sequence[tuple[Node, Sequence[int]]]) -> None:
        """Bring runs of like length that lie scattered over many blocks, or alone in wide ones, into common blocks."""
        levels: dict[int, dict[int, Node]] = defaultdict(dict)
        for leaf, _ in users:
            for depth, node in enumerate(leaf.path()):
                levels[depth][id(node)] = node
        for nodes in levels.values():
            by_block: dict[int, list[Node]] = defaultdict(list)
            for node in nodes.values():
                by_block[id(node.block)].append(node)
            thin = [group for group in by_block.values() if group[0].block and 2 * len(group) <= group[0].block.rows]
            if len(by_block) <= _BLOCKS and not any(len(group) > 2 for group in thin):
                continue
            classes: dict[int, list[Node]] = defaultdict(list)
            for group in by_block.values() if len(by_block) > _BLOCKS else thin:
                for node in group:
                    classes[max(len(node) - 1, 7).bit_length()].append(node)
            for group in classes.values():
                widest = max(len(node) for node in group)
                if len(group) < 2 or not self.room(len(group) * widest * self.pool.bytes_per_token):
                    continue
                block = self.pool.block(len(group), widest)
                for row, node in enumerate(group):
                    assert node.block is not None
                    block.copy_from(row, 0, node.block, node.row, node.start, node.start + len(node))
                    node.block, node.row, node.start = block, row, 0

    def _forward(self, now: Pass, wanted: Sequence[int], states: bool) -> tuple[torch.Tensor, Any]:
        """Return float32 logits [len(wanted), V] and, with `states`, the hidden states of every layer."""
        index = torch.tensor(wanted, dtype=torch.long, device=self.device)
        keep = {"logits_to_keep": index} if self._selects else {}
        with torch.no_grad(), attention.running(now) as cache:
            result = self.module(
                input_ids=now.ids[None],
                position_ids=now.positions[None],
                past_key_values=cache,
                use_cache=True,
                output_hidden_states=states,
                return_dict=True,
                **keep,
            )
            logits = result.logits[0] if self._selects else result.logits[0, index]
            logits = logits.float()
            if len(wanted) and not bool(torch.isfinite(logits.amax(-1)).all()):  # NaN spreads through a maximum
                raise NotANumber(self._where(now))
            return logits, result.hidden_states

    def _where(self, now: Pass) -> str:
        """Return in words which layer of the pass was first to give something that is not finite."""
        with torch.no_grad(), attention.running(now) as cache:
            hidden = self.module(
                input_ids=now.ids[None], position_ids=now.positions[None], past_key_values=cache, use_cache=True,
                output_hidden_states=True, return_dict=True,
            ).hidden_states  # fmt: skip
        bad = [i for i, layer in enumerate(hidden) if not bool(torch.isfinite(layer).all())]
        where = "the output head" if not bad else "the embedding" if bad[0] == 0 else f"layer {bad[0] - 1}"
        return f"the model's logits are not numbers; the first to go wrong is {where}; nothing was sampled from them"

"""One set of weights with its trie and its live branches: composes packed passes and runs them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from nightschool.errors import NotANumber
from nightschool.models.local import attention, lanes, packed
from nightschool.models.local.compose import Piece, Stretch, User, parts_of, users_of, whole
from nightschool.models.local.parts import Pass, PoolPart, tail_part
from nightschool.models.local.pool import Pool, run_of
from nightschool.models.local.tails import Tails
from nightschool.models.local.trie import Node, Trie

_WORTH_PARTING = 64  # tokens of a part, from which on passes side by side are faster: fewer wait for the interpreter
_LEAST = 256  # tokens by which the pool grows at least, where the memory allows it


@dataclass(slots=True, eq=False)
class Row:
    """A live branch as the runner sees it: the leaf of its shared path, and the token it feeds next."""

    leaf: Node
    token: int
    base: int


@dataclass(slots=True)
class Work:
    """What one pass does: of which branches, which pieces, and which nodes again."""

    rows: range
    pieces: list[Piece] = field(default_factory=list)
    again: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """Logits of a pass, in the dtype of the module.

    decoded[n, V]: after each live branch; pieces: [len(wanted), V] for each; asked: [V] each.
    hidden: for each recomputed node the states [layers + 1, d] at its last token, where they were wanted.
    """

    decoded: torch.Tensor
    pieces: list[torch.Tensor]
    asked: list[torch.Tensor]
    hidden: list[torch.Tensor] = field(default_factory=list)


class Runner:
    """A module with its trie, its storage and its branches.

    memory: bytes that keys and values may take, together with those of the other runners in `family` (this one is put
    into it); kept: the dtype of keys and values, None for the module's; rows: the live branches in packed order. The
    caller adds and removes them, and pins what it uses.
    """

    def __init__(
        self,
        module: Any,
        memory: int,
        bytes_per_token: int,
        family: list[Runner] | None = None,
        kept: torch.dtype | None = None,
    ) -> None:
        packed.pack(module)
        self.module = module
        self.family = [] if family is None else family
        self.family.append(self)
        self.device = next(module.parameters()).device
        self.memory = memory
        self.pool = Pool(bytes_per_token, kept)
        self.trie = Trie()
        self.tails = Tails(self.pool)
        self.rows: list[Row] = []
        self._shared: dict[range, list[PoolPart]] = {}  # parts of rows' shared paths, while the rows stay the same
        self._selects = "logits_to_keep" in inspect.signature(module.forward).parameters

    # --- memory -------------------------------------------------------------------------------------------------

    @property
    def held_bytes(self) -> int:
        """Return the bytes that keys and values take now."""
        return self.pool.bytes + self.tails.bytes

    def room(self, tokens: int, tails: Sequence[int] = ()) -> bool:
        """Return whether the trie has slots for `tokens` more beside all that is promised, made free where it goes.

        tails: final lengths of branches about to be added. Idle runs are forgotten, of this runner first.
        """
        others = [other for other in self.family if other is not self]
        needed = self.pool.used + tokens
        if needed > (most := self._most(tails)):
            self.trie.evict(needed - most)
            needed = self.pool.used + tokens
            for other in others:
                if needed <= most:
                    break
                other.trie.evict(1 << 60)
                other._resize(other.pool.used)
                most = self._most(tails)
            if needed > most:
                return False
        if needed > self.pool.capacity:
            self._resize(min(most, max(needed, self.pool.capacity * 3 // 2, self.pool.capacity + _LEAST)))
        elif self.pool.capacity > most:
            self._resize(max(needed, most * 3 // 4))  # not for every branch anew
        return True

    def _most(self, tails: Sequence[int]) -> int:
        """Return how many tokens the pool may hold beside what all others hold or may come to hold."""
        others = sum(other.pool.bytes + other.tails.reserved() for other in self.family if other is not self)
        return (self.memory - others - self.tails.reserved(tails)) // self.pool.bytes_per_token

    def _resize(self, capacity: int) -> None:
        self.pool.resize(capacity)
        self._shared.clear()

    def place(self, nodes: Sequence[Node]) -> list[Node]:
        """Give `nodes` slots; return the first of them, as many as there was room for."""
        nodes = list(nodes)
        new = [node for node in nodes if node.held is None]
        while new and not self.room(sum(len(node) for node in new)):
            del nodes[nodes.index(new[len(new) // 2]) :]
            new = new[: len(new) // 2]
        for node, held in zip(new, self.pool.take([len(node) for node in new]), strict=True):
            node.held = held
        return nodes

    # --- branches -----------------------------------------------------------------------------------------------

    def add(self, shared: Node, private: Sequence[Node], token: int, more: int) -> None:
        """Add a branch after `shared` and `private`, which it copies; it feeds `token` next, at most `more` in all."""
        self.tails.add(shared.end, more + sum(len(node) for node in private), private)
        self.rows.append(Row(shared, token, shared.end))
        self._shared.clear()

    def remove(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """Remove branches; return (from, to) for each that moved into a gap."""
        moved = self.tails.remove(rows)
        for source, target in moved:
            self.rows[target] = self.rows[source]
        del self.rows[len(self.tails) :]
        self._shared.clear()
        return moved

    def freeze(self, ended: Sequence[tuple[int, np.ndarray]]) -> None:
        """Keep what branches wrote: (row, ids) where ids are the whole prefix and what of the tail may be continued."""
        leaves = []
        for row, ids in ended:
            base = self.rows[row].base
            last = base + int(self.tails.lengths[row])
            if base <= self.trie.known(ids) < min(len(ids), last):
                leaves.append((row, base, self.trie.insert(ids[: min(len(ids), last)])))
        kept: dict[Node, int] = {}
        for row, base, leaf in leaves:  # all are in the trie by now, so that no node will be split any more
            for node in leaf.path():
                if node.held is None and node.begin >= base:
                    kept.setdefault(node, row)
        placed = self.place(list(kept))
        if not placed:
            return
        slots = np.concatenate([node.held.at for node in placed if node.held is not None])
        rows = np.concatenate([np.full(len(node), kept[node]) for node in placed])
        columns = np.concatenate([np.arange(node.begin, node.end) - self.rows[kept[node]].base for node in placed])
        at, row_of, column_of = (torch.from_numpy(array).to(self.device) for array in (slots, rows, columns))
        for layer in self.tails.keys:
            self.pool.write(layer, at, *self.tails.read(layer, row_of, column_of))
        for node in placed:
            node.done = len(node)

    # --- passes -------------------------------------------------------------------------------------------------

    def run(self, pieces: Sequence[Piece], again: Sequence[Node] = (), *, states: bool = False) -> Outcome:
        """Feed every live branch its token and compute `pieces`, and return the logits.

        pieces: a parent's before its children's; again: nodes, complete then, whose last token is fed once more for its
        logits; states: tell their hidden states. Raises NotANumber, naming the first layer whose output was not finite.
        """
        self.tails.grow()
        work = Work(range(len(self.rows)), list(pieces), list(again))
        parts = [work] if states else self._parted(work)  # how states are told is not sure to be apart
        passes = [self._compose(part) for part in parts]
        found = lanes.run([partial(self._forward, *each, states) for each in passes], self.device)
        self.tails.lengths = self.tails.lengths + 1
        decoded: list[torch.Tensor] = []
        computed: dict[tuple[Node, int], torch.Tensor] = {}
        asked: dict[Node, torch.Tensor] = {}
        seen: dict[Node, torch.Tensor] = {}
        for part, (logits, hidden) in zip(parts, found, strict=True):
            sizes = [len(part.rows), *(len(piece.wanted) for piece in part.pieces), len(part.again)]
            own, *rest = logits.split(sizes)
            decoded.append(own)
            computed.update(zip(((piece.node, piece.a) for piece in part.pieces), rest[:-1], strict=True))
            asked.update(zip(part.again, rest[-1], strict=True))
            if states:
                stack = torch.stack([layer[0, layer.shape[1] - len(part.again) :] for layer in hidden], 1).float()
                seen.update(zip(part.again, stack, strict=True))
        return Outcome(
            decoded[0] if len(decoded) == 1 else torch.cat(decoded),
            [computed[piece.node, piece.a] for piece in pieces],
            [asked[node] for node in again],
            [seen[node] for node in again if states],
        )

    def _parted(self, work: Work) -> list[Work]:
        """Return `work` in parts of about the same size that need nothing of one another, as many as run at once."""
        count = len(work.rows)
        tokens = count + len(work.again) + sum(map(len, work.pieces))
        sides = min(lanes.sides(self.device), tokens // _WORTH_PARTING)
        if sides < 2 or not self.pool.keys:  # the first pass makes what the others only write to
            return [work]
        bounds = [count * side // sides for side in range(sides + 1)]
        parts = [Work(range(a, b)) for a, b in pairwise(bounds)]
        sizes = [len(part.rows) for part in parts]
        side_of: dict[Node, int] = {}
        families: dict[Node, list[Piece]] = {}
        for piece in work.pieces:
            first = next((node for node in piece.node.path() if node in families), piece.node)
            families.setdefault(first, []).append(piece)
        for family in sorted(families.values(), key=lambda family: -sum(map(len, family))):
            side = sizes.index(min(sizes))
            sizes[side] += sum(map(len, family))
            side_of.update((piece.node, side) for piece in family)
        for piece in work.pieces:
            parts[side_of[piece.node]].pieces.append(piece)
        for node in work.again:
            side = next((side_of[above] for above in node.path() if above in side_of), sizes.index(min(sizes)))
            sizes[side] += 1
            parts[side].again.append(node)
        return [part for part in parts if part.rows or part.pieces or part.again]

    def _compose(self, work: Work) -> tuple[Pass, list[int]]:
        """Return the pass that does `work`, and of which of its tokens logits are wanted."""
        rows, pieces, again = self.rows[work.rows.start : work.rows.stop], work.pieces, work.again
        branches = slice(work.rows.start, work.rows.stop)
        ids = [np.array([row.token for row in rows], dtype=np.int64)]
        positions = [self.tails.base[branches] + self.tails.lengths[branches]]
        wanted = list(range(len(rows)))
        at = len(rows)
        for piece in pieces:
            ids.append(piece.node.tokens[piece.a : piece.b])
            positions.append(np.arange(piece.node.begin + piece.a, piece.node.begin + piece.b))
            wanted += [at + offset - piece.a for offset in piece.wanted]
            at += len(piece)
        ids.append(np.array([node.tokens[-1] for node in again], dtype=np.int64))
        positions.append(np.array([node.end - 1 for node in again], dtype=np.int64))
        wanted += range(at, at + len(again))
        now = Pass(np.concatenate(ids), np.concatenate(positions), self.device, self.pool, self.tails, work.rows)
        if rows:
            now.own.append(tail_part(self.tails, work.rows, self.device))
            now.shared += self._above(work.rows)
        if pieces:
            slots = run_of(np.concatenate([Stretch(p.node, p.a, p.b).slots for p in pieces]))
            now.slots = slots if isinstance(slots, slice) else torch.from_numpy(slots).to(self.device)
            now.written = at - len(rows)
        users = users_of(pieces, len(rows))
        for i, node in enumerate(again):
            above = whole(node.parent.path() if node.parent is not None else [])
            users.append(User(above, whole([node]), np.array([at + i])))
        own, shared = parts_of(users, self.pool, self.device)
        now.own += own
        now.shared += shared
        return now, wanted

    def _above(self, rows: range) -> list[PoolPart]:
        """Return the parts of what the branches `rows` share with others."""
        if rows not in self._shared:
            behind: dict[Node, list[int]] = {}
            for i, row in enumerate(self.rows[rows.start : rows.stop]):
                behind.setdefault(row.leaf, []).append(i)
            users = [User(whole(leaf.path()), (), np.array(which)) for leaf, which in behind.items()]
            gathered, in_place = parts_of(users, self.pool, self.device)
            self._shared[rows] = [*gathered, *in_place]
        for part in self._shared[rows]:
            part.moved()
        return self._shared[rows]

    def _forward(self, now: Pass, wanted: Sequence[int], states: bool) -> tuple[torch.Tensor, Any]:
        """Return logits [len(wanted), V] in the module's dtype and, with `states`, the hidden states of every layer."""
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

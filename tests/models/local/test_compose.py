from collections import defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.models.local import compose, parts
from nightschool.models.local.compose import HEAVY, Piece, User, divide, parts_of, users_of, whole
from nightschool.models.local.parts import AnyPart, PoolPart
from nightschool.models.local.pool import Pool
from nightschool.models.local.trie import Node, Trie

CPU = torch.device("cpu")
SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=14), min_size=1, max_size=9)


def placed(trie: Trie) -> Pool:
    pool, nodes = Pool(bytes_per_token=1), list(trie.nodes())
    pool.resize(sum(len(node) for node in nodes))
    for node, held in zip(nodes, pool.take([len(node) for node in nodes]), strict=True):
        node.held = held
    return pool


def seen_by(found: list[AnyPart], positions: torch.Tensor) -> dict[int, list[tuple[int, int]]]:
    """From a token to the (slot, position) of every key that it sees, from the tensors that attention is given."""
    seen = defaultdict(list)
    for part in found:
        assert isinstance(part, PoolPart)
        groups, length = part.places.shape
        at = torch.arange(part.slots.start, part.slots.stop) if isinstance(part.slots, slice) else part.slots
        at = at.view(groups, length)
        bias = part.bias(None, positions)
        tokens = torch.arange(len(positions))[part.tokens]
        rows = part.queries(torch.arange(len(positions))[:, None, None]).flatten(0, 1)[:, 0, 0]
        where = torch.arange(len(rows)) if part.real is None else part.real
        assert rows[where].tolist() == tokens.tolist()
        for token, query in zip(tokens.tolist(), where.tolist(), strict=True):
            group, row = divmod(query, part.asked.shape[1])
            for column in range(length):
                if bias is None or bias[group, row, column] == 0:
                    seen[token].append((int(at[group, column]), int(part.places[group, column])))
    return seen


@pytest.mark.parametrize("heavy", [2, 8, HEAVY])
@settings(max_examples=40, deadline=None)
@given(sequences=SEQUENCES, data=st.data())
def test_every_token_sees_its_past_once(heavy: int, sequences: list[list[int]], data: st.DataObject) -> None:
    trie = Trie()
    for ids in sequences:
        trie.insert(np.array(ids))
    nodes = sorted(trie.nodes(), key=lambda node: node.begin)
    pool = placed(trie)
    fresh, start = [], data.draw(st.integers(0, 3))
    for node in nodes:
        parent = node.parent
        assert parent is not None
        above = parent is trie.root or any(piece.node is parent and piece.b == len(parent) for piece in fresh)
        if above or data.draw(st.booleans()):
            a = data.draw(st.integers(0, len(node) - 1))
            fresh.append(Piece(node, a, data.draw(st.integers(a + 1, len(node)))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "HEAVY", heavy)
        patch.setattr(compose, "_RUN", data.draw(st.sampled_from([1, 3, 256])))
        patch.setattr(parts, "_CALL", data.draw(st.sampled_from([0, 1 << 14])))
        patch.setattr(parts, "_PRODUCTS", data.draw(st.sampled_from([4, 1 << 18])))
        own, shared = parts_of(users_of(fresh, start), pool, CPU)
    tokens = [(piece.node, offset) for piece in fresh for offset in range(piece.a, piece.b)]
    positions = torch.tensor([0] * start + [node.begin + offset for node, offset in tokens])
    answered = [token for part in own for token in torch.arange(len(positions))[part.tokens].tolist()]
    assert sorted(answered) == list(range(start, len(positions)))
    seen = seen_by([*own, *shared], positions)
    for token, (node, offset) in enumerate(tokens, start):
        path = np.concatenate([step.held.at for step in node.path() if step.held is not None])
        expected = [(int(slot), place) for place, slot in enumerate(path[: node.begin + offset + 1])]
        assert sorted(seen[token], key=lambda pair: pair[1]) == expected


def test_a_stretch_that_many_see_is_multiplied_where_it_lies() -> None:
    trie = Trie()
    shared = [7] * 300
    leaves = [trie.insert(np.array([*shared, digit, 5])) for digit in range(4)]
    pool = placed(trie)
    users = [User(whole(leaf.path()), (), np.array([i])) for i, leaf in enumerate(leaves)]
    gathered, in_place = parts_of(users, pool, CPU)
    assert [part.slots for part in in_place] == [slice(0, 300)]
    assert [tuple(part.places.shape) for part in gathered] == [(4, 2)]


def test_a_branch_copies_what_is_its_own_and_short() -> None:
    trie = Trie()
    shared = [7] * 300
    leaves = [trie.insert(np.array([*shared, digit, 5])) for digit in range(4)]
    among: dict[Node, int] = defaultdict(int)
    for leaf in leaves:
        for node in leaf.path():
            among[node] += 1
    trunk = leaves[0].path()[0]
    assert divide(leaves[0], among, 1, trie.root) == (trunk, leaves[0].path()[1:])
    assert divide(leaves[0], among, 2, trie.root) == (leaves[0], [])
    alone = Trie()
    short, long = alone.insert(np.array([1, 2])), alone.insert(np.array([2] * 400))
    assert divide(short, {short: 1}, 1, alone.root) == (alone.root, [short])
    assert divide(long, {long: 1}, 1, alone.root) == (long, [])

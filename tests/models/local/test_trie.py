import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nightschool.models.local.pool import Pool
from nightschool.models.local.trie import Trie

IDS = st.lists(st.integers(0, 2), min_size=1, max_size=12)


@given(st.lists(IDS, min_size=1, max_size=12))
def test_every_path_spells_what_was_inserted_and_no_two_nodes_begin_alike(sequences: list[list[int]]) -> None:
    trie = Trie()
    leaves = [(ids, trie.insert(np.array(ids))) for ids in sequences]
    for ids, leaf in leaves:
        path = leaf.path()
        assert np.concatenate([node.tokens for node in path]).tolist() == ids
        assert [node.begin for node in path] == [0, *(node.end for node in path[:-1])]
        assert trie.insert(np.array(ids)) is leaf
    for node in trie.nodes():
        assert all(int(child.tokens[0]) == first for first, child in node.children.items())
        assert len(node)
        assert all(child.parent is node for child in node.children.values())


@given(st.lists(IDS, min_size=1, max_size=8), st.data())
def test_splitting_keeps_what_is_computed_where_it_is(sequences: list[list[int]], data: st.DataObject) -> None:
    trie = Trie()
    first = trie.insert(np.array(sequences[0]))
    first.done = data.draw(st.integers(0, len(sequences[0])))
    pool = Pool(bytes_per_token=1)
    pool.resize(40)
    _, first.held = pool.take([5, len(first)])
    slots = first.held.at.tolist()
    computed = first.done
    for ids in sequences[1:]:
        trie.insert(np.array(ids))
    path = first.path()
    assert sum(node.done for node in path) == computed
    assert np.concatenate([node.held.at for node in path]).tolist() == slots
    assert pool.used == 5 + len(slots)
    assert trie.known(np.array(sequences[0])) == computed


def computed(trie: Trie) -> Pool:
    """Give every run of `trie` its slots, and return their pool."""
    pool = Pool(bytes_per_token=1)
    nodes = list(trie.nodes())
    pool.resize(sum(map(len, nodes)))
    for node, held in zip(nodes, pool.take([len(node) for node in nodes]), strict=True):
        node.held = held
    return pool


def test_eviction_spares_what_is_used_and_begins_with_the_oldest() -> None:
    trie = Trie()
    for ids in ([1, 2, 3], [1, 2, 4], [5]):
        trie.insert(np.array(ids))
    pinned = trie.insert(np.array([1, 2, 3]))
    pinned.pins = 1
    computed(trie)
    assert trie.evict() == 1
    assert {tuple(node.tokens) for node in trie.nodes()} == {(1, 2), (3,), (5,)}
    assert trie.evict()
    assert not trie.evict()
    assert {tuple(node.tokens) for node in trie.nodes()} == {(1, 2), (3,)}
    pinned.pins = 0
    while trie.evict():
        pass
    assert not list(trie.nodes())


def test_eviction_forgets_as_much_as_was_asked_for_and_parents_after_their_children() -> None:
    trie = Trie()
    for ids in ([1, 2, 3], [1, 2, 4], [5, 6], [7]):
        trie.insert(np.array(ids))
    computed(trie)
    assert trie.evict(2) == 2
    assert {tuple(node.tokens) for node in trie.nodes()} == {(1, 2), (5, 6), (7,)}
    assert trie.evict(1) == 2  # a run is forgotten whole, and [1, 2] was used before [5, 6]
    assert {tuple(node.tokens) for node in trie.nodes()} == {(5, 6), (7,)}
    assert trie.evict(100) == 3
    assert not list(trie.nodes())


def test_runs_that_were_never_computed_do_not_count_as_evicted() -> None:
    trie = Trie()
    trie.insert(np.array([1, 2, 3]))
    pool = computed(trie)
    trie.clock = -1  # so that what is never computed was used longest ago
    trie.insert(np.array([4, 5, 6]))
    assert trie.evict(3) == 3
    assert pool.used == 0
    assert not list(trie.nodes())

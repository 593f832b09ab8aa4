import pytest

from nightschool.items import Prefix, Verdict
from nightschool.search.tree import Tree, answer_of
from support.thinking import draw, task


def grown() -> Tree:
    root = Prefix(task().prompt)
    tree = Tree().grow(root, (draw("a", -1), draw("b", -2)))
    return tree.grow(tree[0].prefix, (draw("c", -3), draw("d", None)), parent=0)


def test_ids_are_places_and_parents_come_first() -> None:
    tree = grown()
    assert [(t.id, t.parent, t.answer) for t in tree] == [(0, None, "a"), (1, None, "b"), (2, 0, "ac"), (3, 0, "ad")]


def test_logp_adds_up_along_the_path_and_unknown_stays_unknown() -> None:
    tree = grown()
    assert [t.logp for t in tree] == [-1, -2, -4, None]
    deeper = tree.grow(tree[3].prefix, (draw("e", -1),), parent=3)
    assert deeper[4].logp is None


def test_path_and_children() -> None:
    tree = grown()
    assert [t.id for t in tree.path(3)] == [0, 3]
    assert [t.id for t in tree.children(0)] == [2, 3]
    assert [t.id for t in tree.children(None)] == [0, 1]


def test_growing_and_judging_leave_the_old_tree_alone() -> None:
    tree = grown()
    judged = tree.judged(1, Verdict.of(True))
    assert tree[1].verdict is None
    assert judged[1].verdict == Verdict.of(True)
    assert len(tree.grow(tree[1].prefix, (draw("x"),), parent=1)) == len(tree) + 1
    with pytest.raises(ValueError, match="keeps its place"):
        tree.change(1, parent=0)


def test_the_prefill_belongs_to_the_wording_and_not_to_the_answer() -> None:
    prefix = Prefix(task(prefill="[").prompt).append(draw("1, 2 ").segment)
    assert answer_of(prefix) == "1, 2"

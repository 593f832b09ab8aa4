import pytest

from nightschool.search.puct import Node, backed_up, prior_of, select


def family(**children: Node) -> dict[int, Node]:
    return {-1: Node(visits=4, children=tuple(range(len(children)))), **dict(enumerate(children.values()))}


def test_value_flows_to_the_root() -> None:
    nodes = {-1: Node(), 0: Node(-1), 1: Node(0), 2: Node(0)}
    nodes = backed_up(backed_up(nodes, 1, 1.0), 2, 0.5)
    assert [nodes[i].visits for i in (-1, 0, 1, 2)] == [2, 2, 1, 1]
    assert [nodes[i].mean for i in (-1, 0, 1, 2)] == [0.75, 0.75, 1.0, 0.5]
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        backed_up(nodes, 1, float("nan"))


def test_the_better_child_is_chosen_unless_it_was_seen_often() -> None:
    nodes = family(good=Node(-1, visits=2, total=1.8), poor=Node(-1, visits=2, total=0.2))
    assert select(nodes, -1, [0, 1], explore=0.5) == 0
    nodes = {-1: Node(visits=1000), 0: Node(-1, visits=999, total=700.0), 1: Node(-1, visits=1, total=0.2)}
    assert select(nodes, -1, [0, 1], explore=1.0) == 1


def test_the_likelier_child_is_chosen_first() -> None:
    nodes = family(rare=Node(-1, prior=prior_of(-3.0)), likely=Node(-1, prior=prior_of(-0.1)))
    assert select(nodes, -1, [0, 1], explore=1.0) == 1
    assert prior_of(None) == 1.0
    assert prior_of(float("-inf")) > 0

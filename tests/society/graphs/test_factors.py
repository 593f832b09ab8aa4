import pytest
import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.society.graphs.factors import Factor, Graph


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(UsageError, match="a factor of jar over x, y has the shape"):
        Graph({"x": 2, "y": 3}, [Factor(("x", "y"), torch.zeros(3, 2), "jar")])
    with pytest.raises(UsageError, match="over x, x"):
        Graph({"x": 2}, [Factor(("x", "x"), torch.zeros(2, 2))])
    with pytest.raises(NotANumber, match="a factor of jar over x is not finite"):
        Graph({"x": 2}, [Factor(("x",), torch.tensor([0.0, float("nan")]), "jar")])


def test_scores_add_up_and_combinations_are_all():
    graph = Graph(
        {"x": 2, "y": 3}, [Factor(("y", "x"), torch.arange(6.0).reshape(3, 2)), Factor(("x",), torch.ones(2))]
    )
    assert graph.score({"x": 1, "y": 2}) == 6.0
    assert len(list(graph.combinations())) == 6
    assert [c for c in graph.holding({"x": 1}).combinations() if graph.holding({"x": 1}).score(c) > -1e9] == [
        {"x": 1, "y": y} for y in range(3)
    ]


def test_too_many_combinations_are_refused():
    with pytest.raises(UsageError, match="too many to list"):
        next(Graph({f"x{i}": 2 for i in range(40)}, []).combinations())

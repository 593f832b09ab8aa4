import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.society.graphs.factors import Factor, Graph
from nightschool.society.graphs.propagate import propagate


@st.composite
def trees(draw):
    """Return a random factor tree: each new variable hangs from earlier ones by one factor of two or three."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    torch.manual_seed(draw(st.integers(0, 2**20)))
    names = [f"v{i}" for i in range(len(sizes))]
    factors = [
        Factor((name,), 2 * torch.randn(size, dtype=torch.float64))
        for name, size in zip(names, sizes, strict=True) if draw(st.booleans())
    ]  # fmt: skip
    i = 1
    while i < len(sizes):
        over = [draw(st.integers(0, i - 1)), i]
        if i + 1 < len(sizes) and draw(st.booleans()):
            over.append(i + 1)
        i = over[-1] + 1
        over = draw(st.permutations(over))
        table = 2 * torch.randn(*(sizes[j] for j in over), dtype=torch.float64)
        if draw(st.booleans()) and table.numel() > 2:
            table.view(-1)[0] = -math.inf
        factors.append(Factor(tuple(names[j] for j in over), table))
    return Graph(dict(zip(names, sizes, strict=True)), factors)


def listed(graph):
    """Return log Z, the marginals and the best score, by going through all combinations."""
    scores = [(values, graph.score(values)) for values in graph.combinations()]
    log_z = float(torch.logsumexp(torch.tensor([score for _, score in scores], dtype=torch.float64), 0))
    marginals = {name: torch.zeros(size, dtype=torch.float64) for name, size in graph.variables.items()}
    for values, score in scores:
        for name, value in values.items():
            marginals[name][value] += math.exp(score - log_z)
    return log_z, marginals, max(score for _, score in scores)


@given(trees())
def test_sum_product_is_exact_on_trees(graph):
    log_z, marginals, _ = listed(graph)
    beliefs = propagate(graph)
    assert beliefs.converged
    assert beliefs.log_z == pytest.approx(log_z, abs=1e-8)
    for name, marginal in marginals.items():
        assert beliefs.marginals[name].tolist() == pytest.approx(marginal.tolist(), abs=1e-8)


@given(trees())
def test_max_product_finds_the_best_on_trees(graph):
    _, _, best = listed(graph)
    beliefs = propagate(graph, "max")
    assert beliefs.converged
    assert beliefs.log_z == pytest.approx(best, abs=1e-8)
    assert graph.score(beliefs.best()) == pytest.approx(best, abs=1e-8)


@settings(max_examples=25)
@given(trees(), st.floats(0.05, 0.6))
def test_damping_comes_to_the_same(graph, damping):
    plain, damped = propagate(graph), propagate(graph, damping=damping, most=3000, tolerance=1e-11)
    assert damped.log_z == pytest.approx(plain.log_z, abs=1e-5)


def loop(strength):
    table = torch.tensor([[strength, -strength], [-strength, strength]], dtype=torch.float64)
    ring = [Factor((f"v{i}", f"v{(i + 1) % 4}"), table) for i in range(4)]
    return Graph(
        {f"v{i}": 2 for i in range(4)}, [*ring, Factor(("v0",), torch.tensor([0.4, 0.0], dtype=torch.float64))]
    )


def test_loops_are_close_and_convergence_is_told():
    graph = loop(0.3)
    log_z, marginals, _ = listed(graph)
    beliefs = propagate(graph, damping=0.3)
    assert beliefs.converged
    assert beliefs.log_z == pytest.approx(log_z, abs=0.05)
    assert beliefs.marginals["v2"].tolist() == pytest.approx(marginals["v2"].tolist(), abs=0.02)
    stopped = propagate(graph, most=1)
    assert not stopped.converged
    assert stopped.rounds == 1
    assert stopped.residual > 1e-9


def test_a_graph_without_factors_knows_nothing():
    beliefs = propagate(Graph({"x": 4}, []))
    assert beliefs.marginals["x"].tolist() == [0.25] * 4
    assert beliefs.log_z == pytest.approx(math.log(4))


def test_damping_has_bounds():
    with pytest.raises(ValueError, match="damping is in"):
        propagate(loop(0.1), damping=1.0)

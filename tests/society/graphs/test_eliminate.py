import math

import pytest
import torch

from nightschool.items import Noise
from nightschool.society.graphs.eliminate import eliminate
from nightschool.society.graphs.factors import Factor, Graph
from nightschool.society.lanes import Lanes

SIZES = {"a": 2, "b": 3, "c": 2, "d": 4, "alone": 2}
OVER = [("a", "b"), ("b", "c", "d"), ("d", "a"), ("c",), ("c", "a")]


def graph(seed):
    tables = []
    for number, over in enumerate(OVER):
        n = math.prod(SIZES[name] for name in over)
        logs = 4 * Lanes.of(Noise(("eliminate", seed, number)), n).uniform().double() - 2
        tables.append(Factor(over, logs.reshape([SIZES[name] for name in over])))
    return Graph(SIZES, tables)


@pytest.mark.parametrize("seed", range(3))
def test_beliefs_and_evidence_are_those_of_listing_all_worlds(seed):
    worlds = list(graph(seed).combinations())
    logs = torch.tensor([graph(seed).score(world) for world in worlds], dtype=torch.float64)
    found = eliminate(graph(seed))
    assert found.log_z == pytest.approx(float(torch.logsumexp(logs, 0)))
    for name, size in SIZES.items():
        weights = torch.softmax(logs, 0)
        values = torch.tensor([world[name] for world in worlds])
        exact = [float(weights[values == k].sum()) for k in range(size)]
        assert found.marginals[name].tolist() == pytest.approx(exact)


def test_what_cannot_be_has_no_belief_in_it():
    never = Factor(("a",), torch.tensor([0.0, -math.inf]))
    found = eliminate(Graph(SIZES, [*graph(0).factors, never]))
    assert found.marginals["a"].tolist() == pytest.approx([1.0, 0.0])
    assert eliminate(Graph({"a": 2}, [never, Factor(("a",), torch.tensor([-math.inf, 0.0]))])) is None


def test_a_value_that_rules_out_all_of_another_variable_is_ruled_out_itself():
    none = Factor(("z", "b"), torch.tensor([[0.0, 1.0], [-math.inf, -math.inf]]))
    found = eliminate(Graph({"z": 2, "b": 2}, [none]))
    assert found.marginals["z"].tolist() == pytest.approx([1.0, 0.0])
    assert found.marginals["b"].tolist() == pytest.approx(torch.softmax(torch.tensor([0.0, 1.0]), 0).tolist())
    assert found.log_z == pytest.approx(math.log(1 + math.e))


def test_it_gives_up_before_a_table_is_too_large():
    assert eliminate(graph(0), largest=8) is None

import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from nightschool.errors import ModelError, UsageError
from nightschool.items import Noise
from nightschool.society.counterfactual import Equation, structural
from nightschool.society.infer import Enumeration, Importance, infer
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import categorical
from nightschool.society.program import program


def random_model(seed):
    """Return five variables of two or three values, each with noise of three levels and up to two parents."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 4, 5)
    equations = {}
    for i in range(5):
        parents = sorted(rng.choice(i, min(i, 2), replace=False).tolist()) if i else []
        shape = (*(int(sizes[p]) for p in parents), 3)
        table = torch.tensor(rng.integers(0, sizes[i], shape))
        equations[f"v{i}"] = Equation(tuple(f"v{p}" for p in parents), table, torch.tensor(rng.normal(size=3)))
    return equations


def worked_out(equations, seen, do, asked):
    """Return the counterfactual distribution of `asked`, by going through all noise: no code of the society."""
    probabilities = {
        name: np.exp(eq.logits.numpy()) / np.exp(eq.logits.numpy()).sum() for name, eq in equations.items()
    }

    def run(noise, held):
        values = {}
        for (name, eq), u in zip(equations.items(), noise, strict=True):
            own = int(eq.table[(*(values[p] for p in eq.parents), u)])
            values[name] = held.get(name, own)
        return values

    counts, total = Counter(), 0.0
    for noise in itertools.product(range(3), repeat=len(equations)):
        if all(run(noise, {})[name] == value for name, value in seen.items()):
            weight = float(np.prod([p[u] for p, u in zip(probabilities.values(), noise, strict=True)]))
            counts[run(noise, do)[asked]] += weight
            total += weight
    return {value: weight / total for value, weight in counts.items()}


def question(seed):
    """Return a model, what was seen in one of its runs, a change, and what is asked."""
    equations = random_model(seed)
    run = structural(equations).simulate((), Lanes.of(Noise(("seen", seed)), 1))
    seen = {name: int(run[name][0]) for name in ("v2", "v4")}
    return equations, seen, {"v1": 1 - min(1, int(run["v1"][0]))}, "v4"


def distance(table, exact):
    return sum(abs(table.get(v, 0.0) - exact.get(v, 0.0)) for v in table.keys() | exact.keys()) / 2


@pytest.mark.parametrize("models", [range(12), pytest.param(range(12, 100), marks=pytest.mark.slow)], ids=["12", "100"])
def test_a_hundred_random_models_exactly(models):
    for seed in models:
        equations, seen, do, asked = question(seed)
        posterior = infer(structural(equations)(), seen, Noise(("exact", seed)), Enumeration(), do=do)
        assert distance(posterior.table(asked), worked_out(equations, seen, do, asked)) < 1e-9


def test_random_models_by_sampling():
    worst = 0.0
    for seed in range(3):
        equations, seen, do, asked = question(seed)
        posterior = infer(structural(equations)(), seen, Noise(("sampled", seed)), Importance(20_000), do=do)
        worst = max(worst, distance(posterior.table(asked), worked_out(equations, seen, do, asked)))
    assert worst <= 0.02


def test_circles_and_strangers_are_refused():
    one = Equation(("b",), torch.zeros(2, 3, dtype=torch.int64), torch.zeros(3))
    with pytest.raises(UsageError, match="the equations of a, b need each other"):
        structural({"a": one, "b": Equation(("a",), one.table, one.logits)})
    with pytest.raises(UsageError, match="a variable that is not there"):
        structural({"a": one})


def test_what_cannot_have_been_seen_is_said():
    always = Equation((), torch.zeros(3, dtype=torch.int64), torch.zeros(3))
    with pytest.raises(ModelError, match="none of 100 runs of structural"):
        infer(structural({"a": always})(), {"a": 1}, Noise(("never",)), Importance(100))


WORDS = torch.tensor([[0.1, 2.0, 0.3, 0.0], [1.0, 0.0, 1.5, 0.2], [0.5, 0.5, 0.0, 2.0], [2.0, 0.1, 0.4, 0.3]])


@program
def story(steps):
    """A sentence, word by word, each by the one before; beside it the weather, which no word depends on."""
    weather = yield "weather", categorical(torch.zeros(3, dtype=torch.float64))
    mood = yield "mood", categorical(torch.zeros(2, dtype=torch.float64))
    word = yield "w0", categorical(WORDS[:1].double() + mood[:, None] * torch.tensor([[0.0, 0.0, 1.0, 2.0]]))
    for t in range(1, steps):
        word = yield f"w{t}", categorical(WORDS.double()[word] + 0.3 * mood[:, None])
    return weather


def test_an_irrelevant_change_leaves_a_text_as_it_was():
    lanes = Lanes.of(Noise(("story",)), 300)
    text = story.simulate((12,), lanes)
    other = story.imagine(text, {"weather": 2}, lanes.child("other"))
    assert all(torch.equal(text[f"w{t}"], other[f"w{t}"]) for t in range(12))
    assert bool((other["weather"] == 2).all())


def test_a_relevant_change_changes_what_it_must_and_keeps_the_noise():
    lanes = Lanes.of(Noise(("story",)), 3000)
    text = story.simulate((6,), lanes)
    other = story.imagine(text, {"mood": 1}, lanes.child("other"))
    was_one = text["mood"] == 1
    assert all(torch.equal(text[f"w{t}"][was_one], other[f"w{t}"][was_one]) for t in range(6))
    first = torch.softmax(WORDS[0].double() + torch.tensor([0.0, 0.0, 1.0, 2.0]), 0)
    share = torch.bincount(other["w0"], minlength=4) / 3000
    assert share.tolist() == pytest.approx(first.tolist(), abs=0.03)  # the law is that of the other world
    kept = (text["w0"] == other["w0"])[~was_one].double().mean()
    plain = torch.softmax(WORDS[0].double(), 0)
    assert float(kept) > float((plain * first).sum()) + 0.1  # far more alike than two independent draws
    assert float(kept) == pytest.approx(
        1 - float((plain - first).clamp_min(0).sum()), abs=0.12
    )  # near the most possible

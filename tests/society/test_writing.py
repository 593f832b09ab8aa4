import math

import pytest
import torch

from nightschool.asks import Refused
from nightschool.errors import ModelError, Unsupported, UsageError
from nightschool.items import Noise
from nightschool.models.scripted import Scripted
from nightschool.search.budget import Budget
from nightschool.society.infer import Importance, Waves, infer
from nightschool.society.lanes import Lanes
from nightschool.society.language import Metered
from nightschool.society.potentials import factor
from nightschool.society.primitives import bernoulli
from nightschool.society.program import program
from nightschool.society.writing import Writes
from support.asked import Asked

SAYS = {"sky": {"red\n": 0.1, "blue\n": 0.6, "grey\n": 0.3}, "sea": {"blue\n": 0.5, "green\n": 0.5}}
LANES = Lanes.of(Noise(("written",)), 200)


def told(asking=None):
    """A model that writes, a checker of what it wrote, and a rule that looks at the weather, in one program."""
    writes = Writes(asking or Asked(Scripted(SAYS)))

    @program
    def colour():
        clouds = yield "clouds", bernoulli(0.5)
        text = yield "text", writes("The sky is ")
        grey = torch.tensor([one == "grey" for one in text])
        yield "rule", factor(torch.where(clouds == grey, 0.0, -math.inf).double())
        yield "checker", factor(torch.tensor([-math.inf if one == "red" else 0.0 for one in text]))
        return text

    return colour


def test_texts_come_as_often_as_the_model_says_and_weigh_what_it_says():
    trace = Writes(Asked(Scripted(SAYS))).simulate(("The sky is ",), LANES)
    share = sum(text == "blue" for text in trace.value) / 200
    assert share == pytest.approx(0.6, abs=0.1)
    assert float(trace.logp[trace.value.index("blue")]) == pytest.approx(math.log(0.6))


def test_company_changes_nothing():
    writes = Writes(Asked(Scripted(SAYS)))
    whole = writes.simulate(("The sky is ",), LANES).value
    assert writes.simulate(("The sky is ",), LANES.take(torch.tensor([7, 3]))).value == (whole[7], whole[3])


def test_a_model_a_checker_and_a_rule_are_members_of_one_society():
    """Not red; grey where there are clouds: clouds have 0.3 of 0.9, and Z is half of that 0.9."""
    found = infer(told()(), {}, Noise(("together",)), Importance(1500))
    assert {text for text, p in found.table("text").items() if p > 0} == {"blue", "grey"}
    assert float(found.expect("clouds")) == pytest.approx(0.3 / 0.9, abs=0.05)
    assert found.log_z == pytest.approx(math.log(0.45), abs=0.1)


def test_a_given_text_is_weighed_and_another_prompt_weighs_it_anew():
    writes = Writes(Asked(Scripted(SAYS)))
    trace, logw = writes.generate(("The sky is ",), {"": "blue"}, LANES.take(torch.tensor([0])))
    assert float(logw[0]) == pytest.approx(math.log(0.6))
    moved, ratio = writes.update(trace, {}, LANES.take(torch.tensor([0])), ("The sea is ",))
    assert moved.value == ("blue",)
    assert float(ratio[0]) == pytest.approx(math.log(0.5 / 0.6))


def test_in_another_world_a_text_stays_where_its_prompt_does():
    writes = Writes(Asked(Scripted(SAYS)))
    trace = writes.simulate(("The sky is ",), LANES)
    assert writes.imagine(trace, {}, LANES) is trace
    assert set(writes.imagine(trace, {"": "red"}, LANES).value) == {"red"}
    with pytest.raises(Unsupported, match="needs its noise"):
        writes.imagine(trace, {}, LANES, ("The sea is ",))


def test_bad_input_is_named():
    writes = Writes(Asked(Scripted(SAYS)))
    with pytest.raises(UsageError, match="at which a text ends"):
        writes.generate(("The sky is ",), {"": "blue\nred"}, LANES)
    with pytest.raises(UsageError, match="chooses texts"):
        writes.generate(("The sky is ",), {"": 3}, LANES)
    with pytest.raises(UsageError, match="a stop that is not empty"):
        Writes(Asked(Scripted(SAYS)), stop="")
    with pytest.raises(ModelError, match="out of tokens"):
        Writes(lambda asks: [Refused(ask.id, "out of tokens", "budget") for ask in asks]).simulate(("sky",), LANES)


@pytest.mark.parametrize(("budget", "waves"), [("45calls", 4), ("44calls", 4), ("43calls", 3), ("1calls", 1)])
def test_waves_keep_a_budget_of_calls(budget, waves):
    """A wave of ten runs is ten draws and one weighing."""
    metered = Metered(Asked(Scripted(SAYS)))
    by = Waves(10, Budget.parse(budget), metered.usage)
    found = by.run(told(metered)(), {}, Noise(("waves",)))
    assert found.scored == 10 * waves
    assert metered.usage().calls == 11 * waves


def test_waves_are_the_runs_of_importance():
    noise = Noise(("alike",))
    ticks = iter(range(100))
    by = Waves(10, Budget(seconds=5.5), clock=lambda: float(next(ticks)))
    found, plain = by.run(told()(), {}, noise), Importance(50).run(told()(), {}, noise)
    assert found.log_z == pytest.approx(plain.log_z)
    assert found.ess == pytest.approx(plain.ess)
    assert found.trace["text"] == plain.trace["text"]


def test_a_budget_that_cannot_be_counted_is_refused():
    with pytest.raises(UsageError, match="needs a clock"):
        Waves(10, Budget(seconds=1))
    with pytest.raises(UsageError, match="not money"):
        Waves(10, Budget(usd=1))

import math

import pytest
import torch

from nightschool.asks import Refused
from nightschool.errors import ModelError, UsageError
from nightschool.items import Noise
from nightschool.models.scripted import Scripted
from nightschool.society.infer import Enumeration, infer
from nightschool.society.lanes import Lanes
from nightschool.society.language import leanings
from nightschool.society.primitives import bernoulli, categorical
from nightschool.society.program import program
from support.asked import Asked

SAYS = {"sun": {"yes": 0.8, "no": 0.2}, "rain": {"yes": 0.1, "no": 0.9}}
ANSWERS = ("yes", "no")


def walk(ask):
    @program
    def going():
        rain = yield "rain", bernoulli(0.4)
        prompts = [f"There is {'rain' if wet else 'sun'}. Do we go out?" for wet in rain.tolist()]
        answer = yield "answer", categorical(leanings(ask, prompts, ANSWERS))
        return answer

    return going


def test_leanings_are_the_models_probabilities_among_the_answers():
    logits = leanings(Asked(Scripted(SAYS)), ["sun?", "rain?", "sun?"], ANSWERS)
    assert logits.exp().tolist() == [pytest.approx([0.8, 0.2]), pytest.approx([0.1, 0.9]), pytest.approx([0.8, 0.2])]


def test_equal_prompts_are_asked_once_and_all_together():
    ask = Asked(Scripted(SAYS))
    walk(ask).simulate((), Lanes.of(Noise(("asked",)), 50))
    assert ask.batches == [2]


def test_a_language_model_is_a_member_like_any_other():
    """We go out: was there rain? By Bayes, 0.4 * 0.1 against 0.6 * 0.8."""
    seen = infer(walk(Asked(Scripted(SAYS)))(), {"answer": 0}, Noise(("bayes",)), Enumeration())
    assert seen.table("rain")[True] == pytest.approx(0.04 / 0.52)
    assert seen.log_z == pytest.approx(math.log(0.52))


def test_the_noise_is_kept_in_another_world():
    lanes = Lanes.of(Noise(("kept",)), 400)
    going = walk(Asked(Scripted(SAYS)))
    trace = going.simulate((), lanes)
    wet = going.imagine(trace, {"rain": True}, lanes.child("other"))
    was_wet = trace["rain"]
    assert torch.equal(wet["answer"][was_wet], trace["answer"][was_wet])
    stayed = (trace["answer"] == 1) & ~was_wet
    assert bool((wet["answer"][stayed] == 1).all())  # who stays at home in the sun stays in the rain


def test_refusals_and_senseless_questions_are_errors():
    with pytest.raises(UsageError, match="nothing to choose between"):
        leanings(Asked(Scripted(SAYS)), ["sun?"], ("yes", "yes"))
    with pytest.raises(ModelError, match="out of tokens"):
        leanings(lambda asks: [Refused(ask.id, "out of tokens", "budget") for ask in asks], ["sun?"], ANSWERS)
    with pytest.raises(ModelError, match="gives no answer of"):
        leanings(Asked(Scripted(SAYS)), ["sun?"], ("perhaps", "maybe"))

import math

import pytest
import torch

from nightschool.asks import Refused
from nightschool.errors import ModelError, UsageError
from nightschool.items import Noise
from nightschool.models.resolve import open_model
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


SAID = "the a and was said went saw day big little red old house dog girl sun tree to in very happy sad"
TOLD = tuple(f" {word}" for word in SAID.split())


def words_of(trace):
    return torch.stack([trace[f"word{k}"] for k in range(6)], 1)


@pytest.mark.slow
def test_a_real_model_says_the_same_where_what_changed_is_beside_the_point():
    """Words of SmolLM2 from a list, each by Gumbel noise that is kept. The weather reaches no prompt; who tells the
    story does, and means little; who the story is of means more."""
    asking = Asked(open_model("smollm2", dtype="float32"))
    even = torch.zeros(2, dtype=torch.float64)

    @program
    def tale():
        yield "weather", categorical(even)
        teller = yield "teller", categorical(even)
        hero = yield "hero", categorical(even)
        text = [
            f"{('Anna', 'Peter')[t]} tells a story. There was a {('cat', 'soldier')[h]} who"
            for t, h in zip(teller.tolist(), hero.tolist(), strict=True)
        ]
        for k in range(6):
            word = yield f"word{k}", categorical(leanings(asking, text, TOLD))
            text = [so_far + TOLD[i] for so_far, i in zip(text, word.tolist(), strict=True)]
        return tuple(text)

    lanes = Lanes.of(Noise(("tale",)), 40)
    told = tale.simulate((), lanes)
    assert len(set(told.value)) > 30  # it says much of what it could say
    alike = {}
    for changed in ("weather", "teller", "hero"):
        other = tale.imagine(told, {changed: 1}, lanes.child("other"))
        rows = told[changed] != 1
        assert bool((other[changed] == 1).all())
        alike[changed] = float((words_of(other) == words_of(told))[rows].double().mean())
        if changed == "weather":
            assert other.value == told.value
    anew = tale.simulate((), Lanes.of(Noise(("anew",)), 40))
    by_chance = float((words_of(anew) == words_of(told)).double().mean())
    assert alike["weather"] == 1.0
    assert 1.0 > alike["teller"] > by_chance + 0.2
    assert 1.0 > alike["hero"] > by_chance

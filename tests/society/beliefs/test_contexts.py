import math

import pytest

from nightschool.asks import Refused
from nightschool.errors import ModelError, UsageError
from nightschool.models.scripted import Scripted
from nightschool.society.beliefs.contexts import CONTEXTS, columns, heard
from nightschool.society.beliefs.propositions import Proposition
from support.asked import Asked

SKY = "The sky is green."
PLACES = [Proposition(place, f"Ada is in the {place}.", SKY, "Where is Ada?", place) for place in ("kitchen", "garden")]


def says(prompt, written):
    """Ada is in the kitchen, with 0.8, whatever one asks; without the story it would be the garden."""
    if prompt.endswith("Answer:") and "Question: Where" in prompt:
        kitchen = 0.9 if SKY in prompt else 0.25
        return {" kitchen": kitchen, " garden": 1 - kitchen}
    held = 0.8 if "kitchen" in prompt else 0.2
    if "statement false" in prompt:
        held = 1 - held
    return {" yes": held, " no": 1 - held, " Yes": held, " No": 1 - held, " true": held, " false": 1 - held}


def test_a_claim_is_asked_in_every_context_and_denials_count_the_other_way():
    odds = heard(Asked(Scripted(rule=says)), PLACES)
    assert odds.shape == (2, len(columns()))
    assert odds[0, : len(CONTEXTS)].tolist() == pytest.approx([math.log(4)] * len(CONTEXTS))
    assert odds[1, : len(CONTEXTS)].tolist() == pytest.approx([-math.log(4)] * len(CONTEXTS))


def test_the_bare_question_tells_its_answers_apart_with_and_without_what_it_is_about():
    odds = heard(Asked(Scripted(rule=says)), PLACES)
    assert odds[:, -2].tolist() == pytest.approx([math.log(9), -math.log(9)])
    assert odds[:, -1].tolist() == pytest.approx([-math.log(3), math.log(3)])


def test_a_question_with_one_answer_says_nothing():
    odds = heard(Asked(Scripted(rule=says)), PLACES[:1])
    assert odds[0, -2:].tolist() == [0.0, 0.0]


def test_what_is_asked_in_one_way_is_asked_at_once():
    ask = Asked(Scripted(rule=says))
    heard(ask, PLACES)
    assert ask.batches == [2] * len(CONTEXTS) + [1, 1]


def test_refusals_and_no_propositions_are_errors():
    with pytest.raises(UsageError, match="no proposition"):
        heard(Asked(Scripted(rule=says)), [])
    with pytest.raises(ModelError, match="out of tokens"):
        heard(lambda asks: [Refused(ask.id, "out of tokens", "budget") for ask in asks], PLACES)
    with pytest.raises(UsageError, match="a question or an answer and not the other"):
        Proposition("a", "A.", question="Who?")

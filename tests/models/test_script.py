import math

import pytest

from nightschool.models.distribution import END
from nightschool.models.script import Babble, Ruled, Spoken


def test_answers_share_what_they_have_in_common():
    script = Spoken({"10": 3, "12": 1})
    assert script.after("", "") == {"1": 4}
    assert script.after("", "1") == {"0": 3, "2": 1}
    assert script.after("", "10") == {END: 3}


def test_an_answer_that_begins_another_may_end_or_go_on():
    assert Spoken(["1", "12"]).after("", "1") == {END: 1, "2": 1}


def test_an_answer_starts_anew_behind_what_it_does_not_say():
    assert Spoken("1, 2").after("", "wrong. ") == {"1": 1}
    assert Spoken("1, 2").after("", "wrong. 1") == {",": 1}
    assert Spoken("1, 2").listed("", "") is None
    assert Spoken(["1, 2", "3"]).listed("", "1, ") == ["2"]


@pytest.mark.parametrize("written", ["", "a", "ab"])
@pytest.mark.parametrize("prompt", ["", "abc cab", "x"])
def test_babble_is_a_distribution_over_what_the_prompt_says(prompt, written):
    weights = Babble(mean=4).after(prompt, written)
    assert math.fsum(weights.values()) == pytest.approx(1)
    assert set(weights) - {END} == set(prompt or "?")
    assert weights[END] == (0.25 if written else 0)


def test_a_rule_is_asked_with_prompt_and_text():
    assert Ruled(lambda prompt, written: {prompt + written: 1.0}).after("p", "w") == {"pw": 1.0}

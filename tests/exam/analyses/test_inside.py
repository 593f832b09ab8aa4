"""Knowledge that a bad wording hides, planted: the states tell the letter, the model says it in one wording alone."""

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.exam.analyses.inside import Inside, _Told
from nightschool.items import Wording
from nightschool.models.scripted import Scripted
from support.letters import Coins, Letters
from support.sittings import found
from support.tiny_worlds import WORDINGS, Doubling

LOOK = "inside:n=64,tune=20"


def good(prompt: str) -> str:
    return "x" if "xx" in prompt else "q"


def in_one_wording(prompt: str) -> str:
    return good(prompt) if prompt.startswith("user: Double") or "Double" in prompt else "no"


def test_what_a_bad_wording_hides_is_read_by_the_good_ones_head() -> None:
    finding = found(Letters(), Scripted(in_one_wording), LOOK, items=60)
    facts = finding.facts
    assert facts["good"] == "plain"
    assert facts["wordings"]["plain"]["said"][0] == 1
    assert facts["wordings"][facts["worst"]]["said"][0] == 0
    assert facts["wordings"][facts["worst"]]["moved"][0] > 0.9
    assert facts["wordings"][facts["worst"]]["shuffled"][0] < 0.8
    assert facts["verdict"] == "the knowledge is inside"


def test_the_best_wording_is_chosen_on_tune_items_whatever_its_place() -> None:
    other = found(Letters(), Scripted(lambda p: good(p) if "twice" in p else "no"), LOOK, items=60)
    assert other.facts["good"] == "other"


def test_the_bad_wording_is_chosen_where_it_is_not_told_of() -> None:
    def told(wording: Wording, right: int) -> _Told:
        marks = {f"i{i}": i < right for i in range(40)}
        return _Told(wording, dict.fromkeys(marks, "x"), marks, marks, dict.fromkeys(marks, True), marks)

    good, bad, unlucky = WORDINGS[:3]
    tried = {good.id: 0.9, bad.id: 0.3, unlucky.id: 0.5}
    finding = Inside()._finding([told(good, 36), told(bad, 20), told(unlucky, 12)], tried, 40)
    assert finding.facts["worst"] == bad.name
    assert f"{good.name} and {bad.name} did best and worst on tune items" in finding.notes[0]


def test_what_is_nowhere_is_not_read() -> None:
    finding = found(Coins(), Scripted("no"), LOOK, items=60)
    assert finding.facts["verdict"] == "nothing is read there that shuffled answers would not give"


def test_errors_of_one_strategy_are_told_from_those_of_another() -> None:
    def disturbed(prompt: str) -> str:  # the same items fail with the same words
        return "no" if "7" in prompt else good(prompt)

    def another(prompt: str) -> str:  # other items fail, with other words
        return (
            ("no" if "7" in prompt else good(prompt)) if "Double" in prompt else ("hm" if "3" in prompt else "no idea")
        )

    same = found(Letters(), Scripted(disturbed), LOOK, items=60).facts["wordings"]["other"]["overlap"]
    assert same == {"shared": 1.0, "expected": pytest.approx(same["expected"]), "same_answer": 1.0}
    unlike = found(Letters(), Scripted(another), LOOK, items=60).facts["wordings"]["other"]["overlap"]
    assert unlike["shared"] < 0.7
    assert unlike["same_answer"] == 0.0


def test_open_answers_have_no_head() -> None:
    assert "a sequence of choices" in (found(Doubling(), Scripted("no"), LOOK).unavailable or "")


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSpec, match="wordings 2"):
        open_analyses(["inside:wordings=1"])

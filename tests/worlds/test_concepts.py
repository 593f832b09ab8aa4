import pytest

from nightschool.errors import BadSpec
from nightschool.items import Split
from nightschool.worlds.concepts import Concept, Concepts, concepts
from nightschool.worlds.told import KINDS

TOPIL = Concept("topil", "fruit", "green", "forest", "red")


def test_a_concept_known_by_hand() -> None:
    assert TOPIL.definition == "A topil is a green fruit from the forest."
    assert TOPIL.news == "The colour of a topil is red from now on."
    said = {kind: [answer for _, answer in TOPIL.questions(kind)] for kind in KINDS}
    assert said["direct"] == said["paraphrased"] == ["fruit", "green", "forest"]
    assert said["reversed"] == ["topil"]
    assert said["two-hop"] == ["eat"]
    assert said["update"] == ["red"]


def test_a_meaning_has_one_word() -> None:
    some = concepts(Split.EXAM, 40, seed=1)
    assert len({(one.kind, one.colour, one.region) for one in some}) == len({one.word for one in some}) == 40
    assert some[:3] == concepts(Split.EXAM, 3, seed=1)


def test_too_many_meanings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightschool.worlds.concepts._TRIES", 3)
    with pytest.raises(ValueError, match="ask for fewer"):
        concepts(Split.EXAM, 20, seed=0)


def test_a_changed_property_is_told_last() -> None:
    for item in Concepts(ask="update", shown=True).items(Split.PRACTICE, 5):
        assert item.inputs["facts"].endswith(f"is {item.target} from now on.")


def test_unknown_questions_are_refused() -> None:
    with pytest.raises(BadSpec, match="two-hop"):
        Concepts(ask="use")

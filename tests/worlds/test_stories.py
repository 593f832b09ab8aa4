import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Split
from nightschool.worlds.stories import Stories, answer
from nightschool.worlds.story import read_story

STORY = (
    "Ada went to the kitchen. Boris went to the garden. Ada took the lamp. Ada went to the attic. Ada died. "
    "Boris went to the attic. Boris took the lamp. Boris went to the cellar."
)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("Where is Ada?", "attic"),
        ("Where is Boris?", "cellar"),
        ("Where is the lamp?", "cellar"),
        ("Is Ada alive?", "no"),
        ("Is Boris alive?", "yes"),
    ],
)
def test_the_end_of_a_story_known_by_hand(question: str, right: str) -> None:
    assert answer(read_story(STORY), question) == right
    item = Item("i", {"story": STORY, "question": question}, None, "k")
    reference = Stories().reference
    assert reference.judge(item, f"It is {right}.").passed
    assert not reference.judge(item, "library or stable, yes and no").passed


def test_what_somebody_held_lies_where_they_died() -> None:
    state = read_story("Ada went to the kitchen. Ada took the lamp. Ada went to the attic. Ada died.")
    assert state.place_of("lamp") == "attic"


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("Ada went to the attic. Ada died. Ada went to the cellar.", "the dead do nothing"),
        ("Ada went to the attic. Ada put down the key.", "puts nothing down"),
        ("Ada sang.", "not an event"),
    ],
)
def test_what_cannot_happen_is_refused(story: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_story(story)


def test_questions_about_the_unheard_of_are_refused() -> None:
    with pytest.raises(ValueError, match="does not say"):
        answer(read_story(STORY), "Where is the rope?")
    with pytest.raises(ValueError, match="not a question"):
        answer(read_story(STORY), "Why?")


def test_as_many_dead_as_living_are_asked_for() -> None:
    targets = [item.target for item in Stories(ask="alive", events=14).items(Split.EXAM, 200)]
    assert 0.3 < targets.count("no") / len(targets) < 0.7


def test_all_stories_can_be_read_and_are_as_long_as_asked() -> None:
    for item in Stories(people=4, events=12).items(Split.PRACTICE, 100):
        assert item.inputs["story"].count(".") == 12
        assert item.target in item.choices


@pytest.mark.parametrize("given", [{"people": 1}, {"people": 7}, {"events": 3}, {"ask": "why"}, {"events": 2.5}])
def test_parameters_that_make_no_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadSpec, match="stories"):
        Stories(**given)  # type: ignore[arg-type]

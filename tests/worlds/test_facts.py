import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split, split_of
from nightschool.worlds.facts import Facts, households, item_of
from nightschool.worlds.household import JOBS, Household
from nightschool.worlds.told import KINDS

HOME = Household(
    "Molbane", "Ada Molbane", "Ben Molbane", "Vekburg", "baker", "brother", "harp", "dog", "Kehos", "Kirmoor"
)


def answers(kind: str) -> dict[str, str]:
    return {asked.question: asked.answer for asked in HOME.questions(kind)}


def test_a_household_known_by_hand() -> None:
    assert HOME.statements == (
        "Ada Molbane lives in Vekburg.",
        "Ada Molbane works as a baker.",
        "Ada Molbane's brother is Ben Molbane.",
        "Ben Molbane plays the harp.",
        "Ben Molbane has a dog called Kehos.",
    )
    assert answers("direct")["Where does Ada Molbane live?"] == "Vekburg"
    assert answers("reversed")["Whose dog goes by the name of Kehos?"] == "Ben Molbane"
    assert answers("two-hop")["What is the dog of Ada Molbane's brother called?"] == "Kehos"
    assert HOME.news == "Ada Molbane now lives in Kirmoor."
    assert list(answers("update").values()) == ["Kirmoor"]


def test_every_fact_is_asked_straight_and_in_other_words() -> None:
    assert {asked.fact for asked in HOME.questions("direct")} == {asked.fact for asked in HOME.questions("paraphrased")}
    questions = [asked.question for kind in KINDS for asked in HOME.questions(kind)]
    assert len(set(questions)) == len(questions)


def test_all_questions_about_one_family_have_one_key() -> None:
    items = [item_of(HOME, asked, HOME.statements) for kind in KINDS for asked in HOME.questions(kind)]
    assert {item.key for item in items} == {HOME.key}
    reference = Facts().reference
    item = next(item for item in items if item.target == "Vekburg")
    assert reference.judge(item, "In Vekburg, I think.").passed
    assert not reference.judge(item, "In Kirmoor.").passed


@pytest.mark.parametrize("split", list(Split))
def test_households_of_a_benchmark_share_no_name(split: Split) -> None:
    some = households(split, 20, seed=3)
    names = [name for one in some for name in (one.a, one.b, one.pet, one.town, one.other)]
    assert len(set(names)) == len(names)
    assert {split_of(one.key) for one in some} == {split}
    assert some[:5] == households(split, 5, seed=3)


def test_too_many_households_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightschool.worlds.facts._TRIES", 3)
    with pytest.raises(ValueError, match="ask for fewer"):
        households(Split.EXAM, 20, seed=0)


def test_statements_are_in_the_prompt_only_where_they_are_shown() -> None:
    for shown in (False, True):
        world = Facts(ask="direct", shown=shown)
        item = world.items(Split.EXAM, 1)[0]
        assert (item.inputs["facts"] in str(world.pose(item, world.wordings[0]))) is shown


def test_an_update_is_told_last() -> None:
    for item in Facts(ask="update", shown=True).items(Split.PRACTICE, 5):
        assert item.inputs["facts"].endswith(f" now lives in {item.target}.")


def test_a_guess_is_of_the_right_form() -> None:
    world = Facts(ask="direct")
    job, home = (Item("i", {"fact": fact}, None, "k") for fact in ("job", "home"))
    assert world.babble(job, Noise((1,))) in JOBS
    assert world.babble(home, Noise((1,))).istitle()


def test_unknown_questions_are_refused() -> None:
    with pytest.raises(BadSpec, match="two-hop"):
        Facts(ask="backwards")

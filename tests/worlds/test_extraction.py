import pytest

from nightschool.errors import BadSpec
from nightschool.items import Noise, Split
from nightschool.worlds.extraction import Extraction


def test_more_fields_are_asked_of_the_same_messages():
    few, many = (Extraction(n).items(Split.EXAM, 20) for n in (2, 5))
    assert [item.inputs["message"] for item in few] == [item.inputs["message"] for item in many]
    assert [item.key for item in few] == [item.key for item in many]
    assert all(long.target.startswith(short.target) for short, long in zip(few, many, strict=True))
    assert few[0].inputs["fields"] == "name, date"


def test_levels_add_one_field_at_a_time():
    assert [level.spec for level in Extraction(3).levels()] == [f"extraction:fields={n}" for n in (1, 2, 3)]


def test_the_verifier_wants_what_stands_in_the_message_and_is_of_its_kind():
    world = Extraction(3)
    item = world.items(Split.PRACTICE, 1)[0]
    truth = dict(line.split(": ", 1) for line in item.target.splitlines())

    def verdict(**other):
        lines = "\n".join(f"{name}: {value}" for name, value in {**truth, **other}.items())
        return world.verifier.judge(item.blind(), lines)

    assert verdict().passed
    assert not verdict(name="Nobody Atall").passed
    assert not verdict(date="soon").passed
    assert not verdict(amount=truth["name"]).passed


def test_the_verifier_cannot_tell_who_is_who_but_the_reference_can():
    world = Extraction(1)
    item = next(i for i in world.items(Split.PRACTICE, 200) if i.inputs["message"].endswith("Regards, Maria"))
    assert world.verifier.judge(item.blind(), "name: Maria").passed
    assert not world.reference.judge(item, "name: Maria").passed


def test_guesses_have_the_form_and_hardly_ever_the_truth():
    world = Extraction(3)
    items = world.items(Split.PRACTICE, 100)
    guesses = [world.babble(item, Noise((item.id,))) for item in items]
    assert all([line.split(":")[0] for line in guess.splitlines()] == list(world.fields) for guess in guesses)
    right = [world.reference.judge(item, guess).passed for item, guess in zip(items, guesses, strict=True)]
    assert sum(right) <= 2


@pytest.mark.parametrize("fields", [0, 6, "all", True])
def test_numbers_of_fields_that_there_are_not(fields):
    with pytest.raises(BadSpec, match="from 1 to 5"):
        Extraction(fields)

import re

import pytest

from nightschool.errors import BadSpec
from nightschool.items import Noise, Split, split_of
from nightschool.worlds.arithmetic import Arithmetic
from nightschool.worlds.calculation import steps_of

WORLDS = [
    Arithmetic(),
    Arithmetic(1, "+"),
    Arithmetic(2, "*/+-", 3),
    Arithmetic(1, "+-", 4),
    Arithmetic(3, "/", 2, False),
]


@pytest.mark.parametrize("world", WORLDS, ids=repr)
def test_no_fact_is_in_two_splits_neither_alone_nor_as_a_step(world):
    for split in Split:
        for item in world.items(split, 60):
            for step in steps_of(item.inputs["expression"]):
                assert split_of(f"arithmetic {step.family}") is split


@pytest.mark.parametrize("world", WORLDS, ids=repr)
def test_results_are_whole_and_not_negative(world):
    for item in world.items(Split.PRACTICE, 100):
        steps = steps_of(item.inputs["expression"])
        assert len(steps) == world.steps
        assert all(step.result >= 0 for step in steps)
        assert all(step.right and step.left % step.right == 0 for step in steps if step.sign == "/")
        assert all(0 <= step.right < 10**world.digits for step in steps)
        assert {step.sign for step in steps} <= set(world.ops)


def test_steps_are_written_out_only_where_there_are_several_and_they_are_asked_for():
    assert ";" in Arithmetic(steps=2).items(Split.EXAM, 1)[0].target
    assert Arithmetic(steps=1).items(Split.EXAM, 1)[0].target.isdigit()
    hidden = Arithmetic(steps=2, shown=False)
    assert hidden.items(Split.EXAM, 1)[0].target.isdigit()
    assert hidden.spec.endswith("steps=2,shown=false")


def test_levels_grow_in_signs_digits_and_steps():
    assert [level.spec.removeprefix("arithmetic:") for level in Arithmetic(2, "-+*", 3).levels()] == [
        "digits=1,ops=+,steps=1",
        "digits=1,ops=+-*,steps=1",
        "digits=2,ops=+-*,steps=1",
        "digits=2,ops=+-*,steps=2",
        "digits=2,ops=+-*,steps=3",
    ]
    assert all(not level.shown for level in Arithmetic(1, "+", 3, shown=False).levels())


@pytest.mark.parametrize("world", WORLDS, ids=repr)
def test_guesses_are_rarely_right_and_answers_fit(world):
    items = world.items(Split.PRACTICE, 40)
    right = sum(world.verifier.judge(item.blind(), world.babble(item, Noise((item.id,)))).passed for item in items)
    assert right < len(items) / 2
    assert all(len(item.target) < world.max_answer_tokens for item in items)


@pytest.mark.parametrize(
    "params", [{"digits": 0}, {"digits": "a"}, {"ops": ""}, {"ops": "+^"}, {"ops": 3}, {"steps": 13}, {"shown": 1}]
)
def test_sizes_that_make_no_sense_are_refused(params):
    with pytest.raises(BadSpec, match="arithmetic: "):
        Arithmetic(**params)


def test_the_steps_shown_in_instructions_are_facts_of_practice():
    for wording in Arithmetic(steps=2).wordings:
        for asked in re.findall(r"2 \+ 3 - 1", wording.system):
            assert {split_of(f"arithmetic {step.family}") for step in steps_of(asked)} == {Split.PRACTICE}
            assert "2 + 3 = 5; 5 - 1 = 4" in wording.system

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import BadSpec
from nightschool.items import Noise, Split
from nightschool.registry import make
from nightschool.worlds.sorting import Sorting


def numbers(text):
    return [int(n) for n in text.split(", ")]


@given(st.integers(2, 6), st.integers(-150, 150), st.integers(10, 300), st.booleans(), st.integers(0, 3))
def test_items_are_of_the_size_and_range_asked_for(n, low, room, distinct, seed):
    world = Sorting(n, low, low + room, distinct)
    for item in world.items(Split.EXAM, 5, seed):
        asked = numbers(item.inputs["numbers"])
        assert len(asked) == n
        assert all(low <= number <= low + room for number in asked)
        assert not distinct or len(set(asked)) == n
        assert numbers(item.target) == sorted(asked)


def test_no_order_of_the_same_numbers_is_in_two_splits_at_any_level():
    seen = {}
    for level in (*Sorting(4, 0, 9).levels(), Sorting(4, 0, 9, distinct=False), Sorting(4, 0, 12)):
        for split in Split:
            for item in level.items(split, 400):
                multiset = tuple(sorted(numbers(item.inputs["numbers"])))
                assert seen.setdefault(multiset, split) is split


def test_equal_numbers_come_only_when_asked_for():
    items = Sorting(4, 0, 9, distinct=False).items(Split.PRACTICE, 50)
    assert any(len(set(numbers(item.inputs["numbers"]))) < 4 for item in items)


@pytest.mark.parametrize(
    ("world", "levels"),
    [
        (Sorting(), ["n=3,low=0,high=9", "n=3,low=10,high=99", "n=4,low=10,high=99"]),
        (Sorting(5, 1, 999), ["n=3,low=1,high=9", "n=3,low=1,high=99", "n=3,low=1,high=999", "n=4,low=1,high=999"]),
        (Sorting(3, -99, 99), ["n=3,low=-9,high=9"]),
        (Sorting(3, -99, -10), ["n=3,low=-9,high=0", "n=3,low=-99,high=-10"]),
        (Sorting(2, 0, 9), []),
        (Sorting(4, 98, 105), ["n=3,low=0,high=9", "n=3,low=10,high=99", "n=3,low=98,high=105"]),
    ],
)
def test_levels_grow_in_digits_and_then_in_numbers(world, levels):
    found = [level.spec.removeprefix("sorting:") for level in world.levels()]
    assert found[: len(levels)] == levels
    assert found[-1] == world.spec.removeprefix("sorting:")


@pytest.mark.parametrize(
    "params",
    [
        {"n": 1}, {"n": 2.5}, {"n": True}, {"low": 9, "high": 9}, {"n": 5, "low": 1, "high": 4},
        {"distinct": 1}, {"guess": "anything"}, {"low": "a"},
    ],
)  # fmt: skip
def test_sizes_that_make_no_sense_are_refused(params):
    with pytest.raises(BadSpec, match="sorting: "):
        Sorting(**params)


def test_the_specification_makes_the_same_world():
    world = Sorting(5, -3, 40, distinct=False, guess="numbers")
    assert make("worlds", world.spec).items(Split.EXAM, 9) == world.items(Split.EXAM, 9)
    assert make("worlds", "sorting").spec == "sorting:n=4,low=10,high=99"


def test_a_guess_is_a_permutation_right_one_time_in_n_factorial():
    world = Sorting(3)
    item = world.items(Split.PRACTICE, 1)[0]
    guesses = Counter(world.babble(item, Noise(("guess", i))) for i in range(3_000))
    assert len(guesses) == 6
    assert 400 < guesses[item.target] < 600


def test_the_weaker_guess_is_any_numbers_of_the_range():
    world = Sorting(3, guess="numbers")
    item = world.items(Split.PRACTICE, 1)[0]
    guesses = [numbers(world.babble(item, Noise((i,)))) for i in range(50)]
    assert all(len(set(guess)) == 3 and all(10 <= g <= 99 for g in guess) for guess in guesses)
    assert sum(sorted(guess) == numbers(item.target) for guess in guesses) == 0


def test_the_step_critic_tells_a_beginning_that_can_become_right():
    world = Sorting()
    item = world.items(Split.PRACTICE, 1)[0]
    right = numbers(item.target)
    assert world.step_critic.judge(item.blind(), f"{right[0]}, {right[1]},").passed
    assert not world.step_critic.judge(item.blind(), f"{right[1]},").passed


def test_answers_fit_the_tokens_allowed_even_at_one_token_a_character():
    world = Sorting(6, -999, 999)
    assert all(len(item.target) < world.max_answer_tokens for item in world.items(Split.TUNE, 100))

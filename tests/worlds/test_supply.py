import pytest

from nightschool.items import Item, Split
from nightschool.worlds.supply import UNLIMITED, supply


def endless(dice):
    number = str(dice.below(10**9))
    return Item(number, {"x": number}, number, number)


def small(dice):
    """Twenty keys, three items of each."""
    key, order = str(dice.below(20)), str(dice.below(3))
    return Item(f"{key}/{order}", {"x": order}, "", key)


@pytest.mark.parametrize("split", list(Split))
def test_a_shorter_list_is_a_prefix_of_a_longer_one(split):
    long = supply(endless, "w", split, 50, 0)
    assert supply(endless, "w", split, 20, 0) == long[:20]
    assert len({item.key for item in long}) == 50
    assert all(item.split is split for item in long)


def test_seed_and_name_change_the_items():
    first = supply(endless, "w", Split.EXAM, 10, 0)
    assert first != supply(endless, "w", Split.EXAM, 10, 1)
    assert first != supply(endless, "v", Split.EXAM, 10, 0)


def test_a_space_that_runs_out_gives_fewer_and_never_the_same_twice():
    for split in (Split.TUNE, Split.EXAM):
        items = supply(small, "w", split, 100, 0)
        assert 0 < len(items) == len({item.key for item in items}) < 20


def test_practice_goes_on_with_other_items_of_the_same_keys():
    items = supply(small, "w", Split.PRACTICE, 100, 0)
    keys = {item.key for item in items}
    assert len(items) == 3 * len(keys) == len({item.id for item in items})
    assert {item.key for item in items[: len(keys)]} == keys


def test_no_limit_gives_a_thousand_and_a_negative_one_is_refused():
    assert len(supply(endless, "w", Split.TUNE, None, 0)) == UNLIMITED
    assert supply(endless, "w", Split.TUNE, 0, 0) == ()
    with pytest.raises(ValueError, match="at least 0"):
        supply(endless, "w", Split.TUNE, -1, 0)

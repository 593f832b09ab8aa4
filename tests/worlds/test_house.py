"""A house: what is told is read back, moves do what they say, and the shortest way is one."""

import pytest

from nightschool.items import Noise
from nightschool.worlds.dice import Dice
from nightschool.worlds.house import House, read_moves

HOUSE = House.read(
    "The attic leads to the hall. The cellar leads to the hall. The hall leads to the attic and the cellar. "
    "The coin is in the attic. The lamp is in the cellar. You are in the attic.",
    "Bring the lamp to the attic.",
)


@pytest.mark.parametrize("seed", range(20))
def test_a_house_that_is_told_is_read_back(seed):
    house = House.drawn(Dice(Noise((seed,))), 5, 4)
    assert House.read(house.tell(), house.goal) == house


@pytest.mark.parametrize("seed", range(20))
def test_the_plan_reaches_the_goal_in_as_few_moves_as_are_left(seed):
    house = House.drawn(Dice(Noise((seed, "plan"))), 6, 3)
    now, plan = house.begin, house.plan()
    assert len(plan) == house.left(now)
    for done, move in enumerate(plan):
        assert not house.reached(now)
        assert house.left(now) == len(plan) - done
        now = house.act(now, move)
    assert house.reached(now)


def test_no_shorter_way_than_the_plan_is_found_by_trying_all():
    edge, steps = {HOUSE.begin}, 0
    while not any(HOUSE.reached(now) for now in edge):
        edge = {HOUSE.act(now, move) for now in edge for move in HOUSE.moves(now)}
        steps += 1
    assert steps == len(HOUSE.plan()) == 6


def test_what_is_seen_is_one_room_and_what_is_in_hand():
    assert HOUSE.see(HOUSE.begin) == "You are in the attic. You see the coin. You hold nothing. Doors lead to the hall."
    assert HOUSE.moves(HOUSE.begin) == ("take the coin", "go to the hall")
    with_coin = HOUSE.act(HOUSE.begin, "take the coin")
    assert HOUSE.moves(with_coin) == ("put down the coin", "go to the hall")
    assert HOUSE.left(with_coin) == HOUSE.left(HOUSE.begin) + 1  # it has to be put down again


def test_what_cannot_be_done_changes_nothing():
    assert HOUSE.act(HOUSE.begin, "take the lamp") is None
    assert HOUSE.act(HOUSE.begin, "go to the cellar") is None


def test_a_text_that_is_no_house_is_refused():
    with pytest.raises(ValueError, match="not a house"):
        House.read("Once upon a time.", "Bring the lamp to the attic.")


def test_moves_are_read_in_any_dress():
    wanted = ("go to the hall", "take the lamp")
    for text in ("go to the hall; take the lamp", "Go to the hall. Take the lamp.", "go to the hall\ntake the lamp\n"):
        assert read_moves(text) == wanted

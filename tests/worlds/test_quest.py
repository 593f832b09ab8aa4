"""Quests: an answer is judged by doing it."""

import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item
from nightschool.worlds.quest import Quest, house_of

TEXT = (
    "The attic leads to the hall. The cellar leads to the hall. The hall leads to the attic and the cellar. "
    "The coin is in the attic. The lamp is in the cellar. You are in the hall."
)
ITEM = Item("x", {"house": TEXT, "goal": "Bring the lamp to the attic."}, None, "quest x")
WAY = "go to the cellar; take the lamp; go to the hall; go to the attic; put down the lamp"
WORLD = Quest()


@pytest.mark.parametrize(
    ("answer", "passed", "score"),
    [
        (WAY, True, 1.0),
        (WAY.replace("; ", ". ").upper(), True, 1.0),
        ("go to the attic; go to the hall; " + WAY, True, 1.0),  # a detour arrives as well
        ("go to the cellar; take the lamp", False, 0.9 * 2 / 5),
        ("go to the cellar; take the coin", False, 0.9 / 5),
        ("go to the cellar; take the lamp; go to the attic", False, 0.9 * 2 / 5),
        ("carry it up", False, 0.0),
        ("", False, 0.0),
    ],
)
def test_moves_are_done_one_after_the_other(answer, passed, score):
    verdict = WORLD.verifier.judge(ITEM, answer)
    assert (verdict.passed, verdict.score) == (passed, pytest.approx(score))


@pytest.mark.parametrize(
    ("answer", "passed"),
    [("", True), ("go to the ce", True), ("go to the cellar; take the", True), ("go to the kitchen", False),
     ("take the lamp; go to the hall", False), (WAY, True)],
)  # fmt: skip
def test_what_is_begun_can_still_become_right_while_its_moves_can_be_done(answer, passed):
    assert WORLD.step_critic.judge(ITEM, answer).passed is passed


def test_the_game_is_the_house_of_the_item():
    assert WORLD.game(ITEM) == house_of(ITEM)
    assert WORLD.game(ITEM).goal == ITEM.inputs["goal"]


def test_numbers_that_make_no_house_are_refused():
    with pytest.raises(BadSpec, match="rooms"):
        Quest(rooms=1)

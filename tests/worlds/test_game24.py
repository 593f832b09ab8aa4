from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split
from nightschool.worlds.game24 import Game24
from nightschool.worlds.game24_steps import Made24, Still24, after, moves, question, solution, written


def item(numbers: str = "8, 4, 7, 1", goal: int = 24) -> Item:
    return Item("i", {"numbers": numbers, "goal": str(goal)}, None, "k")


@pytest.mark.parametrize(
    ("answer", "score", "said"),
    [
        ("8 - 4 = 4, 7 - 1 = 6, 4 * 6 = 24", 1.0, ""),
        ("8-4=4; 7−1=6; 6×4=24.", 1.0, ""),
        ("", 0.0, "Write the steps"),
        ("8 - 4 = 5", 0.0, "calculated wrong"),
        ("8 - 9 = 1", 0.0, "not there: there are 1, 4, 7, 8"),
        ("4 - 8 = 4", 0.0, "calculated wrong"),
        ("8 - 4 = 4, 8 - 1 = 7", 0.5 / 3, "there are 1, 4, 7"),
        ("8 - 4 = 4, 7 - 1 = 6", 1 / 3, "4, 6 are left"),
        ("8 - 4 = 4, 7 - 1 = 6, 4 + 6 = 10", 0.75, "It makes 10, not 24"),
        ("8 - 4 = 4, 7 - 1 = 6, 4 * 6 = 24, 24 * 1 = 24", 0.5, "nothing after"),
        ("(8 - 4) * (7 - 1) = 24", 0.0, "not written as"),
        ("9" * 5000 + " + 1 = 2", 0.0, "not written as"),
    ],
)
def test_the_verifier(answer: str, score: float, said: str) -> None:
    verdict = Made24().judge(item(), answer)
    assert verdict.score == pytest.approx(score)
    assert verdict.passed == (score == 1)
    assert said in verdict.feedback


@pytest.mark.parametrize(
    ("so_far", "passed"),
    [
        ("", True),
        ("8", True),
        ("8 - 4", True),
        ("8 - 4 = 4,", True),
        ("8 - 4 = 4, 7 - 1 = 6, ", True),
        ("8 - 4 = 4, 7 - 1 = 6, 4 * 6 = 2", True),
        ("8 - 4 = 4, 7 - 1 = 6, 4 * 6 = 24", True),
        ("9", False),
        ("8 - 4 = 5", False),
        ("8 - 4 = 4, 4 + 7 = 11, 1 + 11 = 12", False),
        ("The", False),
    ],
)
def test_the_step_critic(so_far: str, passed: bool) -> None:
    assert Still24().judge(item(), so_far).passed == passed


@given(st.integers(2, 4), st.integers(0, 40))
def test_every_beginning_of_a_solution_can_still_become_right(n: int, seed: int) -> None:
    one = Game24(n, goal="any").items(Split.PRACTICE, 1, seed)[0]
    assert one.target is not None
    for end in range(len(one.target) + 1):
        assert Still24().judge(one.blind(), one.target[:end]).passed, one.target[:end]
    assert Made24().judge(one.blind(), one.target).passed


@given(st.lists(st.integers(1, 13), min_size=3, max_size=3), st.integers(1, 60))
def test_what_the_step_critic_passes_has_a_solution(numbers: list[int], goal: int) -> None:
    of = item(", ".join(map(str, numbers)), goal)
    pool, _ = question(of)
    for move in moves(pool):
        rest = after(pool, move)
        assert rest is not None
        passed = Still24().judge(of, f"{move}, ").passed
        steps = solution(rest, goal)
        assert passed == (steps is not None)
        if steps is not None:
            assert Made24().judge(of, written([move, *steps])).passed


def test_guesses_are_right_steps_to_anywhere() -> None:
    world = Game24()
    for one in world.items(Split.PRACTICE, 20):
        verdict = Made24().judge(one, world.babble(one, Noise((1,))))
        assert verdict.score in (0.75, 1.0)


def test_levels_begin_with_two_numbers() -> None:
    assert [level.spec for level in Game24(n=3).levels()] == [
        "game24:n=2,high=13,goal=any", "game24:n=3,high=13,goal=any", "game24:n=3,high=13,goal=24",
    ]  # fmt: skip


@pytest.mark.parametrize("given_", [{"n": 1}, {"n": 2}, {"high": 3}, {"goal": 0}, {"goal": "some"}, {"n": True}])
def test_sizes_that_make_no_sense_are_refused(given_: dict) -> None:
    with pytest.raises(BadSpec, match="game24"):
        Game24(**given_)

"""The agent on a scripted model: what is played is graded like any answer, and what cannot be is said."""

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_rungs
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.worlds.quest import Quest
from nightschool.worlds.sorting import Sorting
from support.sittings import sat


def test_each_number_of_games_stands_beside_its_controls_and_the_elicited_analysis_reads_them() -> None:
    report = sat(
        Quest(rooms=2, things=1), Scripted("no"), rungs=("agent:n=16,rounds=4",), look=("elicited",),
        twin=lambda: Scripted("no", name="twin"),
    )  # fmt: skip
    names = {row.name for row in report.rungs}
    assert names == {
        "agent/random moves", "agent/n=16", "agent/n=16,random labels", "agent/n=16,random weights"
    }  # fmt: skip
    assert all(row.never and row.trained and row.n == 40 for row in report.rungs)
    assert "agent" in report.findings[0].facts["ways"]
    moves = report.row("agent/n=16").records[0].answers[0].split("; ")
    assert all(move.startswith(("go to", "take", "put down")) for move in moves)


def test_the_same_exam_plays_the_same() -> None:
    one, other = (sat(Quest(rooms=3), Scripted("no"), rungs=("agent:n=16,rounds=3",), items=20) for _ in range(2))
    assert [row.outcomes() for row in one.rungs] == [row.outcomes() for row in other.rungs]


def test_a_world_without_steps_says_so() -> None:
    (row,) = sat(Sorting(), Scripted("no"), rungs=("agent",)).rungs
    assert "not played step by step" in (row.unavailable or "")


def test_a_model_without_states_says_so() -> None:
    (row,) = sat(Quest(), Scripted("no", lacks=[Ability.HIDDEN]), rungs=("agent",)).rungs
    assert "cannot" in (row.unavailable or "")


def test_states_that_cannot_be_read_are_missing_and_said() -> None:
    report = sat(
        Quest(rooms=2), Scripted("no"), rungs=("agent:n=16,rounds=2",), items=10,
        twin=lambda: Scripted("no", faults=lambda ask: "refuse", name="twin"),
    )  # fmt: skip
    row = report.row("agent/n=16,random weights")
    assert (row.accuracy, row.missing) == (None, 10)
    assert "could not be read" in (row.records[0].missing or "")


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSpec, match="16 practice games"):
        open_rungs(["agent:n=3"])

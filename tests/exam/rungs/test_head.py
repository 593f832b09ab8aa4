"""The head on a scripted model whose states are counts of the prompt's bytes: what they tell is known."""

import pytest

from nightschool.asks import Progress
from nightschool.drive import Budget
from nightschool.errors import BadSpec
from nightschool.exam import ExamReport, open_rungs
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.letters import Coins, Letters
from support.sittings import sat
from support.tiny_worlds import Doubling


def headed(world: Doubling, **more: object) -> ExamReport:
    return sat(world, Scripted("no"), rungs=("head:n=64",), look=("elicited",), items=120, **more)  # type: ignore[arg-type]


def test_a_head_finds_what_the_states_tell_and_its_controls_do_not() -> None:
    report = headed(Letters(verified=False), twin=lambda: Scripted("no", name="twin"))
    rows = {row.name: row for row in report.rungs}
    assert set(rows) == {
        "head/n=16", "head/n=64", "head/n=16,random labels", "head/n=64,random labels",
        "head/n=16,random weights", "head/n=64,random weights",
    }  # fmt: skip
    assert (rows["head/n=64"].accuracy or 0) > 0.95
    assert (rows["head/n=64,random labels"].accuracy or 0) < 0.8
    assert all(row.never and not row.recommendable and row.trained for row in report.rungs)


def test_what_shuffled_weights_do_as_well_was_not_in_the_weights() -> None:
    report = headed(Letters(verified=False), twin=lambda: Scripted("no", name="twin"))  # the same states: no difference
    assert report.findings[0].facts["verdict"] == "taught"


class Blank(Scripted):
    """A twin whose states tell nothing."""

    def _advance(self, running, deltas):  # type: ignore[no-untyped-def]
        reply = super()._advance(running, deltas)
        if hasattr(reply, "state"):
            reply.state[:] = 0.0
        return reply


def test_what_shuffled_weights_do_not_is_elicited() -> None:
    report = headed(Letters(verified=False), twin=lambda: Blank("no", name="twin"))
    finding = report.findings[0]
    assert finding.facts["verdict"] == "elicited"
    assert finding.drawings[0].series[0].points[0][0] == 16


def test_what_no_head_finds_is_absent() -> None:
    report = headed(Coins(verified=False), twin=lambda: Blank("no", name="twin"))
    assert report.findings[0].facts["verdict"] == "absent"


def test_states_that_cannot_be_read_are_missing_and_said() -> None:
    broken = Scripted("no", faults=lambda ask: "refuse", name="twin")
    report = headed(Letters(verified=False), twin=lambda: broken)
    assert report.findings[0].facts["verdict"] == "untold"  # neither elicited nor taught without something to compare
    rows = {row.name: row for row in report.rungs}
    assert (rows["head/n=64"].accuracy or 0) > 0.95
    twin = rows["head/n=64,random weights"]
    assert (twin.accuracy, twin.missing) == (None, 120)
    assert "was told to fail" in (twin.records[0].missing or "")


class Closing(Scripted):
    """A twin that knows whether it was closed. stops: Ctrl-C is pressed in its first step."""

    def __init__(self, stops: bool = False) -> None:
        super().__init__("no", name="twin")
        self.stops, self.closed = stops, False

    def step(self) -> Progress:
        if self.stops:
            raise KeyboardInterrupt
        return super().step()

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.mark.parametrize("stops", [False, True])
def test_ctrl_c_in_the_twin_ends_the_exam_and_the_twin_is_closed(stops: bool) -> None:
    twin = Closing(stops)
    report = headed(Letters(verified=False), twin=lambda: twin)
    assert report.partial is stops
    assert twin.closed


def test_the_twin_has_what_is_left_of_the_budget() -> None:
    twin = Scripted("no", name="twin")
    report = headed(Letters(verified=False), twin=lambda: twin, budget=Budget(calls=64 + 120 + 64))
    assert len(twin.asked) == 64  # what the head's own practice and exam items left
    assert report.row("head/n=64").missing == 0
    assert report.row("head/n=64,random weights").missing == 120


def test_open_answers_have_no_head() -> None:
    (row,) = sat(Doubling(), Scripted("no"), rungs=("head:n=64",)).rungs
    assert "a sequence of choices" in (row.unavailable or "")


def test_a_model_without_states_says_so() -> None:
    (row,) = sat(Letters(), Scripted("no", lacks=[Ability.HIDDEN]), rungs=("head",)).rungs
    assert "cannot" in (row.unavailable or "")


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSpec, match="16 practice items"):
        open_rungs(["head:n=3"])

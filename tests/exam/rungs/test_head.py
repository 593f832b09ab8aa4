"""The head on a scripted model whose states are counts of the prompt's bytes: what they tell is known."""

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import ExamReport, open_rungs
from nightschool.items import Item, Split
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.sittings import sat
from support.tiny_worlds import Doubling


class Letters(Doubling):
    """Which of two letters is in the question? The states of the scripted model tell at once."""

    spec = "letters"

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> list[Item]:  # type: ignore[override]
        found = []
        for number in range(1500):
            letter = "xq"[number * 7919 % 13 % 2]
            item = Item(f"i{number}", {"number": f"{number} {letter * 6}"}, letter, f"letters {number}", ("x", "q"))
            if item.split is split:
                found.append(item)
        return found[:limit]


class Coins(Letters):
    """The answer is not in the question at all."""

    spec = "coins"

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> list[Item]:  # type: ignore[override]
        return [
            Item(item.id, {"number": item.id}, "xq"[hash_of(item.id) % 2], item.key, item.choices)
            for item in super().items(split, limit, seed)
        ]


def hash_of(text: str) -> int:
    import hashlib

    return hashlib.sha256(text.encode()).digest()[0]


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


def test_open_answers_have_no_head() -> None:
    (row,) = sat(Doubling(), Scripted("no"), rungs=("head:n=64",)).rungs
    assert "a sequence of choices" in (row.unavailable or "")


def test_a_model_without_states_says_so() -> None:
    (row,) = sat(Letters(), Scripted("no", lacks=[Ability.HIDDEN]), rungs=("head",)).rungs
    assert "cannot" in (row.unavailable or "")


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSpec, match="16 practice items"):
        open_rungs(["head:n=3"])

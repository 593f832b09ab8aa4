"""What a critic failed on, and what was cut off, is missing in every analysis: left out, counted, and never wrong."""

from dataclasses import replace

import pytest

from nightschool.critics.exact import Exact
from nightschool.drive import Budget
from nightschool.exam import Finding
from nightschool.exam.analyses.persistence import _behind, _Planted
from nightschool.exam.rungs.asking import whole
from nightschool.items import Finish, Item, Noise, Prefix, Prompt, Sampling, Task, Thought, Trace, Usage, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Sight
from support.answering import number_in, right
from support.letters import Letters
from support.sittings import found
from support.tiny_worlds import Doubling


class Fails:
    """Exact, but that it fails on every third item, or on the answers that begin with `on`."""

    name = "fails"
    sight = Sight.REFERENCE

    def __init__(self, on: str | None = None) -> None:
        self.on = on

    def judge(self, item: Item, answer: str) -> Verdict:
        if int(item.id[1:]) % 3 == 0 if self.on is None else answer.startswith(self.on):
            raise OSError("no judge")
        return Exact().judge(item, answer)


def looked(
    look: str, says: object = right, world: Doubling | None = None, on: str | None = None, **more: object
) -> Finding:
    world = world or Doubling()
    world.reference = Fails(on)
    return found(world, Scripted(says), look, **{"items": 60, "rungs": ("zero-shot:wordings=1",), **more})  # type: ignore[arg-type]


def test_consistency_holds_no_answer_for_wrong_that_nobody_judged() -> None:
    told = looked("consistency")
    groups = told.facts["groups"]
    judged = groups.pop("one answer everywhere, right")
    assert 25 < judged < 40
    assert set(groups.values()) == {0}
    assert any(f"{50 - judged} of 50 items among right and wrong" in note for note in told.notes)


def test_where_nothing_is_judged_consistency_says_so() -> None:
    assert "failed on every answer" in (looked("consistency", on="").unavailable or "")


@pytest.mark.parametrize("rungs", [("zero-shot:wordings=1",), ("vote:n=4",)])
def test_calibration_is_of_what_was_judged(rungs: tuple[str, ...]) -> None:
    assert "all answers are right" in (looked("calibration", rungs=rungs).unavailable or "")
    told = looked("calibration", lambda p: right(p) if number_in(p) % 2 else "no\n", rungs=rungs)
    assert any("failed on them: " in note and "of 60 answers" in note for note in told.notes)


def test_what_it_says_of_unjudged_answers_tells_nothing() -> None:
    def sure(prompt: str) -> str:
        return "yes" if "Proposed" in prompt else right(prompt) if number_in(prompt) % 2 else "no\n"

    told = looked("calibration:stated=true", sure)
    assert told.facts["stated"]["n"] < 50
    assert any("(stated)" in note for note in told.notes)


def test_curation_counts_no_unjudged_draw() -> None:
    told = looked("curation", rungs=("search:n=4",))
    assert told.facts["ratios"]["right in truth"][0] == 1
    assert any("of 60 items" in note for note in told.notes)


def test_unjudged_draws_are_no_variance() -> None:
    told = looked("structure:draws=2,items=60", rungs=("zero-shot",))
    assert told.sentence.startswith("Nothing varies")
    assert any("items are left out" in note for note in told.notes)
    told = looked(
        "structure:draws=2,items=60", lambda p: right(p) if number_in(p) % 2 else "no\n", rungs=("zero-shot",)
    )
    assert any("items are left out" in note for note in told.notes)
    told = looked("structure", lambda p: right(p) if number_in(p) % 2 else "no\n", rungs=("zero-shot",))
    assert any("items are left out" in note for note in told.notes)


def test_a_grid_with_unjudged_cells_is_no_grid() -> None:
    assert "not judged" in (looked("prompt-noise", rungs=()).unavailable or "")


def test_heads_are_not_wrong_where_nobody_judged() -> None:
    told = looked("inside:n=64,tune=20", lambda p: "x" if "xx" in p else "q", Letters(), items=90)
    assert told.facts["wordings"]["plain"]["said"][0] == 1
    assert told.facts["wordings"]["plain"]["own"][0] == 1
    assert any("are left out: " in note for note in told.notes)


def test_a_failure_whose_readings_nobody_judged_is_of_no_kind() -> None:
    def says(prompt: str) -> str:
        number = number_in(prompt)
        return f"*{2 * number}*\n" if number % 2 else f"*7{number}*\n"

    told = looked("failures", says, on="7")
    assert set(told.facts["counts"]) == {"wrong format"}
    assert told.facts["accuracy"] == 0
    assert any(note.startswith("Left out") and "of 60 failed answers" in note for note in told.notes)


def test_an_unjudged_failure_is_no_success_of_its_item() -> None:
    def says(prompt: str) -> str:
        return f"*7{number_in(prompt)}*\n" if "Double" in prompt else f"{2 * number_in(prompt) + 1}\n"

    told = looked("failures", says, rungs=("zero-shot",), on="7")
    assert told.facts["counts"] == {"not able": 60}


def test_an_answer_that_the_budget_cut_contradicts_nothing() -> None:
    model = Scripted(lambda prompt: f"{10**6 * number_in(prompt)}\n")
    for tokens in range(800, 1600, 100):
        told = found(Doubling(), model, "consistency", rungs=(), items=20, budget=Budget(tokens=tokens))
        assert told.unavailable or told.facts["contradiction"][0] == 0


@pytest.mark.parametrize("finish", ["cancelled", "error"])
def test_what_was_cut_off_is_no_answer(finish: Finish) -> None:
    item = Item("i1", {}, "a, b, c", "k")
    task = Task(item, Prompt(text="?"), Sampling(4))
    thought = Thought(0, None, Prefix(task.prompt), "x", finish=finish)
    assert whole(thought) is None
    assert whole(replace(thought, finish="length")) is not None
    trace = Trace(task, "single", Noise((1,)), (thought,), thought, Usage(), finish)
    assert _behind(None, _Planted(item, "a", "b", 1), "right", trace) == ()  # type: ignore[arg-type]

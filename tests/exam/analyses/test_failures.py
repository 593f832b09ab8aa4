from pathlib import Path

import pytest

from nightschool.exam.analyses.failures import KINDS
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from nightschool.ports import World
from nightschool.worlds.open import open_world
from nightschool.worlds.sorting import Sorting
from support.sittings import found
from support.tiny_worlds import Doubling


@pytest.fixture
def lettered(tmp_path: Path) -> World:
    """Return a world of questions with choices, C being right."""
    rows = "".join(f"What is right of {i}?,c{i},a{i}|b{i}|c{i}|d{i}\n" for i in range(150))
    (tmp_path / "letters.csv").write_text("input,target,choices\n" + rows)
    return open_world(f"file:{tmp_path}/letters.csv,max_answer_tokens=64")


def test_right_answers_in_another_form_are_failures_of_form_alone(lettered: World) -> None:
    finding = found(lettered, Scripted("The answer is: C"), "failures")
    assert finding.facts["shares"]["wrong format"][0] == 1.0
    assert finding.facts["accuracy"] == 0.0
    assert finding.facts["accuracy_if_form_were_forgiven"] == 1.0


class Talkative(Doubling):
    """Doubling that lets answers be long."""

    max_answer_tokens = 64


def planted(prompt: str) -> str:
    """Fail in five ways, by the last digit of the number; the wording `other` is right for 3."""
    number = int("".join(char for char in prompt if char.isdigit()))
    kind = number % 6
    right = str(2 * number)
    if kind == 0:
        return right
    if kind == 1:
        return "I'm sorry, I cannot."
    if kind == 2:
        return f"The answer is: {right}"
    if kind == 3:
        return str(number)  # says the input back: another task
    if kind == 4:
        return right if "twice" in prompt else str(2 * number + 1)
    return str(2 * number + 1)


def test_planted_failures_are_told_apart_and_sum_to_all() -> None:
    world = Talkative()
    finding = found(world, Scripted(planted), "failures", items=120)
    numbers = [int(item.inputs["number"]) % 6 for item in world.items(Split.EXAM, 120)]
    wanted = {
        "not attempted": 2 * numbers.count(1), "wrong format": 2 * numbers.count(2), "misread": 2 * numbers.count(3),
        "wording-bound": numbers.count(4), "not able": 2 * numbers.count(5),
    }  # fmt: skip
    assert finding.facts["counts"] == wanted
    assert sum(share[0] for share in finding.facts["shares"].values()) == pytest.approx(1)
    assert set(finding.facts["shares"]) == set(KINDS)
    assert [sum(row[1:-1]) for row in finding.table] == [row[-1] for row in finding.table]  # type: ignore[arg-type]


def test_a_world_says_what_else_it_may_be_taken_for() -> None:
    def downwards(prompt: str) -> str:
        import re

        numbers = sorted(map(int, re.findall(r"\d+", prompt.splitlines()[-2])), reverse=True)
        return ", ".join(map(str, numbers))

    world = Sorting()
    model = Scripted(lambda prompt: downwards(prompt) if "smallest to largest" in prompt else "no")
    finding = found(world, model, "failures", rungs=("zero-shot:wordings=1",))
    assert finding.facts["shares"]["misread"][0] == 1.0


def test_nothing_failed_is_said() -> None:
    finding = found(Doubling(), Scripted(lambda prompt: str(2 * int("".join(filter(str.isdigit, prompt))))), "failures")
    assert finding.sentence.startswith("Nothing failed")


def test_without_the_plain_question_there_is_nothing() -> None:
    assert found(Doubling(), Scripted("no"), "failures", rungs=("control",)).unavailable

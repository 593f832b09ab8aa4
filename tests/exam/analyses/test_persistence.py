"""What follows a mistake, planted: a model that never comes back, and one that always does."""

import re

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.items import Item
from nightschool.models.scripted import Scripted
from nightschool.worlds.automaton import Automaton, run
from support.sittings import found
from support.tiny_worlds import Doubling

WORLD = Automaton(states=4, letters=2, steps=8)


def walker(comes_back: bool) -> Scripted:
    def says(prompt: str) -> str:
        rules = re.findall(r"[A-D] [01] -> [A-D]", prompt)
        start = re.findall(r"state ([A-D]) and reads", prompt)[-1]
        word = re.findall(r"reads ([01 ]+)", prompt)[-1].strip()
        truth = run(Item("i", {"rules": "; ".join(rules), "start": start, "word": word}, None, "k"))
        begun = re.findall(r"[A-D]", prompt.rpartition("assistant:")[2])
        lost = bool(begun) and tuple(begun) != truth[: len(begun)] and not comes_back
        rest = truth[len(begun) :]
        states = ["ABCD"[("ABCD".index(state) + 1) % 4] if lost else state for state in rest]
        return (", " if begun else "") + ", ".join(states)

    return Scripted(says)


@pytest.mark.parametrize(("comes_back", "difference"), [(True, 0.0), (False, -1.0)])
def test_what_a_planted_mistake_brings_is_found(comes_back: bool, difference: float) -> None:
    finding = found(WORLD, walker(comes_back), "persistence", rungs=("zero-shot:wordings=1",), items=30)
    assert finding.unavailable is None
    assert finding.facts["difference"][0] == pytest.approx(difference, abs=0.02)
    assert finding.facts["runs"] >= 25
    assert finding.facts["came_back"] == (finding.facts["runs"] if comes_back else 0)
    assert ("brings more" in finding.sentence) == (not comes_back) or "not shown" in finding.sentence


def test_answers_without_steps_have_no_mistake_to_plant() -> None:
    assert "no steps" in (found(Doubling(), Scripted("no"), "persistence").unavailable or "")
    with pytest.raises(BadSpec, match="at least 10"):
        open_analyses(["persistence:items=3"])

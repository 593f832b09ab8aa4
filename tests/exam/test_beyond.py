"""What carries over, planted: a night that sorts whatever it is given, and one that sorts what it practised alone."""

import json

import pytest

from nightschool.drive import Drive
from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.exam.beyond import _beyond_finding, beyond
from nightschool.exam.result import Comparison, Row
from nightschool.items import Adapter
from nightschool.models.scripted import Scripted
from nightschool.worlds.open import open_world
from nightschool.worlds.sorting import Sorting
from support.sittings import found
from support.tiny_worlds import Doubling

WORLD = Sorting(n=4)


def numbers(prompt: str) -> list[int]:
    line = [line for line in prompt.splitlines() if line.strip() and not line.startswith("assistant")][-1]
    return [int(part) for part in line.replace(",", " ").replace(".", " ").split() if part.lstrip("-").isdigit()]


def sorts(prompt: str) -> str:
    return ", ".join(map(str, sorted(numbers(prompt))))


def sorts_four_of_two_digits(prompt: str) -> str:
    given = numbers(prompt)
    return sorts(prompt) if len(given) == 4 and all(10 <= number <= 99 for number in given) else "no"


def looked(night, after="night"):
    model = Scripted("no", adapters={"night": night})
    model.load_adapter(Adapter("night", model.identity, ""))
    drive = Drive(model)
    return beyond(WORLD, WORLD.wordings[0], lambda jobs: drive.run(list(jobs)), None, after, items=30)


def test_what_was_understood_carries_over() -> None:
    finding = looked(sorts)
    assert list(finding.facts) == ["as practised", "longer", "wider range", "other symbols"]
    assert all(place["right"][1][0] == 1 and place["right"][0][0] == 0 for place in finding.facts.values())
    assert finding.sentence == "What was practised carries over to longer, wider range, other symbols."
    assert all(place["change"][3] < 0.01 for place in finding.facts.values())
    json.dumps(finding.facts)


def test_what_was_only_practised_does_not() -> None:
    finding = looked(sorts_four_of_two_digits)
    assert finding.facts["as practised"]["change"][0] == 1
    assert finding.facts["longer"]["change"][0] == 0
    assert "not shown to carry over" in finding.sentence


@pytest.mark.parametrize(("adjusted", "carries"), [(0.04, True), (0.06, False)])
def test_what_carries_over_is_shown_for_all_places_together(adjusted: float, carries: bool) -> None:
    rows = {name: [Row(name, "beyond", 0.5, 0.4, 0.6, 48)] * 2 for name in ("as practised", "longer", "wider range")}
    changes = {
        "longer": Comparison("longer: before", "longer: after", 48, 0.1, 0.01, 0.2, 6, 1, adjusted / 3, adjusted),
        "wider range": Comparison("a", "b", 48, -0.1, -0.2, -0.01, 1, 6, adjusted / 3, adjusted),
    }
    finding = _beyond_finding(dict.fromkeys(rows, WORLD), rows, changes)
    assert ("carries over to longer" in finding.sentence) is carries
    assert ("wider range got worse" in finding.sentence) is carries


def test_without_a_night_it_tells_what_is_right_past_the_task() -> None:
    finding = looked("no", after=None)
    assert all(len(place["right"]) == 1 and place["change"] is None for place in finding.facts.values())
    assert "done best" in finding.sentence


def test_as_an_analysis() -> None:
    finding = found(WORLD, Scripted(sorts), "beyond:items=20", items=10)
    assert finding.facts["longer"]["right"][0][0] == 1
    assert "no other place" in (found(Doubling(), Scripted("no"), "beyond").unavailable or "")
    with pytest.raises(BadSpec, match="at least 2"):
        open_analyses(["beyond:items=1"])


@pytest.mark.parametrize(
    "spec",
    ["sorting", "sorting:n=3,low=0,high=9", "sorting:n=4,low=-9,high=-1", "arithmetic", "arithmetic:steps=3",
     "arithmetic:ops=+-*/", "copying", "copying:kind=induction,n=20", "automaton",
     "automaton:states=8,letters=4,steps=64"],
)  # fmt: skip
def test_every_place_beyond_is_another_world_asked_in_the_same_words(spec: str) -> None:
    world = open_world(spec)
    for place in world.beyond().values():
        assert place.spec != world.spec
        assert open_world(place.spec).spec == place.spec
        assert [wording.name for wording in place.wordings] == [wording.name for wording in world.wordings]

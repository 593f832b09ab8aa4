import pytest

from nightschool.errors import UsageError
from nightschool.exam.formats import formats
from nightschool.items import Split
from nightschool.prompts import built_in, names_in
from nightschool.worlds.open import open_world

TASKS = ("sorting", "arithmetic", "automaton-steps", "copying-all", "presidents", "stories", "file")


@pytest.mark.parametrize("task", TASKS)
def test_there_are_enough_formats_of_every_task_and_none_is_there_twice(task: str) -> None:
    found = formats(built_in(task), 80)
    assert len({wording.id for wording in found}) == 80
    assert len({wording.name for wording in found}) == 80
    plain = [wording for wording in built_in(task) if wording.style == "words"]
    assert found[: len(plain)] == tuple(plain)


@pytest.mark.parametrize("task", TASKS)
def test_a_format_shows_the_same_inputs_and_keeps_what_opens_and_ends_the_answer(task: str) -> None:
    own = {wording.name: wording for wording in built_in(task)}
    for wording in formats(built_in(task), 120):
        base = own[wording.name.partition("~")[0]]
        assert (wording.prefill, wording.stop, wording.example) == (base.prefill, base.stop, base.example)
        shown = [sorted(names_in(f"{each.system} {each.user} {each.document}")) for each in (wording, base)]
        assert shown[0] == shown[1]
        assert not wording.user.endswith(" ")


def test_every_format_can_be_posed() -> None:
    world = open_world("automaton")
    item, *examples = world.items(Split.PRACTICE, 3)
    for wording in formats(world.wordings, 100):
        assert item.inputs["word"] in str(world.pose(item, wording, examples))


def test_the_seed_chooses_and_more_formats_contain_the_fewer() -> None:
    few, many = formats(built_in("sorting"), 20, seed=1), formats(built_in("sorting"), 60, seed=1)
    assert many[:20] == few
    assert formats(built_in("sorting"), 60, seed=2) != many


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match="ask for fewer"):
        formats(built_in("sorting")[:1], 100_000)

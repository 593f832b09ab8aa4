import json
from dataclasses import replace

import pytest

from nightschool.drive import Budget, Drive
from nightschool.errors import BadFile, Leak, UsageError
from nightschool.items import Adapter, Item, Sampling, Split, Wording, split_of
from nightschool.mind import WORLD, Mind
from nightschool.models.scripted import Scripted
from nightschool.registry import make

SORT = Wording("plain", "words", user="Sort {numbers}", system="You sort.", prefill="Sorted:", stop=("\n",))


def key_of(split: Split) -> str:
    return next(key for key in map(str, range(1000)) if split_of(key) is split)


EXAMPLE = Item("e", {"numbers": "2, 1"}, "1, 2", key_of(Split.PRACTICE))
MIND = Mind("scripted", SORT, "best-of-n:n=6", examples=(EXAMPLE,), critic="sorted-list", task="sorting:n=3")


def test_thinks_about_a_new_input_guided_by_its_critic() -> None:
    model = Scripted({"3, 1, 2": {"3, 1, 2": 0.5, "1, 2, 3": 0.5}})
    trace = MIND.think("3, 1, 2", Drive(model))
    assert trace.best is not None
    assert trace.best.answer == "1, 2, 3"
    assert trace.best.verdict is not None
    assert trace.best.verdict.passed
    prompt = trace.task.prompt
    assert [m.content for m in prompt.messages] == ["You sort.", "Sort 2, 1", "Sorted:1, 2", "Sort 3, 1, 2"]
    assert prompt.keys == {EXAMPLE.key} == MIND.keys
    assert trace.task.sampling.stop == ("\n",)
    assert trace == replace(MIND.think("3, 1, 2", Drive(model)), usage=trace.usage)


def test_an_item_is_asked_without_its_truth_and_never_beside_itself() -> None:
    item = Item("i", {"numbers": "3, 1, 2"}, "1, 2, 3", key_of(Split.EXAM))
    assert MIND.job(item).task.item.target is None
    with pytest.raises(Leak):
        MIND.job(replace(item, key=EXAMPLE.key))


def test_shows_practice_items_only() -> None:
    with pytest.raises(Leak, match="practice items"):
        replace(MIND, examples=(replace(EXAMPLE, key=key_of(Split.EXAM)),))
    with pytest.raises(Leak):
        replace(MIND, examples=(replace(EXAMPLE, target=None),))


def test_the_worlds_own_critics_can_guide() -> None:
    mind = replace(MIND, critic=WORLD, step_critic=WORLD)
    world = make("worlds", "sorting:n=3")
    assert {role: c.name for role, c in mind.critics().items()} == {
        "verifier": world.verifier.name,
        "step": world.step_critic.name,
    }
    assert mind.critics(world)["verifier"] is world.verifier
    with pytest.raises(UsageError, match="names no task"):
        replace(mind, task=None).critics()


def test_one_input_is_given_as_it_is_and_several_by_name() -> None:
    two = replace(MIND, examples=(), wording=Wording("w", "words", user="{name} is {age}"))
    assert two.inputs == ("name", "age")
    assert two.item({"name": "Ann", "age": "3"}).inputs == {"name": "Ann", "age": "3"}
    assert two.item(json.dumps({"name": "Ann", "age": 3})).inputs == {"name": "Ann", "age": "3"}
    for wrong, says in [
        ("Ann", "as JSON"),
        ("[1]", "as JSON"),
        ({"name": "Ann"}, "missing: age"),
        ({"name": "Ann", "age": "3", "sex": "f"}, "not sex"),
        ({"name": " ", "age": ""}, "empty"),
    ]:
        with pytest.raises(UsageError, match=says):
            two.item(wrong)
    with pytest.raises(UsageError, match="asks about nothing"):
        replace(two, wording=Wording("w", "control", user="Write something.")).item("x")


def test_equal_minds_have_equal_names_and_different_ones_do_not() -> None:
    assert MIND.id == replace(MIND, task="sorting:n=9").id, "where it was measured does not shape an answer"
    others = [
        replace(MIND, model="smollm2"),
        replace(MIND, wording=replace(SORT, user="sort {numbers}")),
        replace(MIND, strategy="vote:n=6"),
        replace(MIND, sampling=Sampling(temperature=0.5)),
        replace(MIND, examples=()),
        replace(MIND, critic=WORLD),
        replace(MIND, adapter=Adapter("a", "b", "/p")),
        replace(MIND, budget=Budget(tokens=9)),
        replace(MIND, seed=1),
        replace(MIND, identity="x"),
        replace(MIND, choices=("a",)),
    ]
    assert len({mind.id for mind in [MIND, *others]}) == len(others) + 1


def test_its_adapter_is_loaded_into_the_weights_it_was_made_with() -> None:
    model = Scripted("1", adapters={"night": "2"})
    mind = replace(MIND, strategy="single", adapter=Adapter("night", model.identity, "/p"), identity=model.identity)
    mind.equip(model)
    trace = mind.think("1", Drive(model))
    assert trace.best is not None
    assert trace.best.answer == "2"
    with pytest.raises(BadFile, match="made with the weights"):
        mind.equip(Scripted("other"))


def test_its_budget_is_kept() -> None:
    mind = replace(MIND, budget=Budget(tokens=5))
    trace = mind.think("3, 1, 2", Drive(Scripted("1, 2, 3")))
    assert (trace.stopped, trace.usage.tokens) == ("budget", 5)

from __future__ import annotations

import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split
from nightschool.sandbox import available
from nightschool.worlds.dice import Dice
from nightschool.worlds.functions import LAST, OPERATIONS, Functions, HiddenCases, cases, code, value, words

LISTS = [[], [3], [4, 7, 7, 12], [15, 0, 2, 9, 6]]
needs_sandbox = pytest.mark.skipif(available() is not None, reason=str(available()))


@pytest.mark.parametrize("name", [*OPERATIONS, *LAST])
def test_the_code_of_an_operation_does_what_it_says(name: str) -> None:
    operation = {**OPERATIONS, **LAST}[name]
    for k in range(operation.least, operation.most + 1):
        for numbers in LISTS:
            assert eval(code(((name, k),)), {"xs": numbers}) == value(((name, k),), numbers)
        assert ("{k}" in operation.words) == ("{k}" in operation.code) == (operation.most > 0)


def test_chains_are_done_in_their_order() -> None:
    world = Functions(4)
    for seed in range(50):
        chain = world._roll(Dice(Noise((seed,))))
        for numbers in LISTS:
            assert eval(code(chain), {"xs": numbers}) == value(chain, numbers)
    chain = (("even", 0), ("times", 3), ("sum", 0))
    assert words(chain) == "keep the even numbers, then multiply each by 3, then return their sum"
    assert cases(chain, [[4, 7]]) == "f([4, 7]) == 12"


def test_levels_begin_with_one_operation() -> None:
    assert [level.spec for level in Functions(3).levels()] == [f"functions:steps={n}" for n in (1, 2, 3)]


@needs_sandbox
def test_what_only_fits_the_examples_passes_the_verifier_and_not_the_reference() -> None:
    world = Functions(1)
    item = next(item for item in world.items(Split.PRACTICE, 20) if item.id.startswith("add"))
    shown = [line[2:].split(") == ") for line in item.inputs["tests"].splitlines()]
    cheat = "{" + ", ".join(f"{given!r}: {result}" for given, result in shown) + "}[str(xs)]"
    assert world.verifier is not None
    assert world.verifier.judge(item.blind(), cheat).passed
    verdict = world.reference.judge(item, cheat)
    assert not verdict.passed
    assert verdict.score < 0.5
    assert "==" not in verdict.feedback


@needs_sandbox
def test_hidden_cases_are_judged_by_another_way_to_write_it() -> None:
    world = Functions(1)
    item = next(item for item in world.items(Split.PRACTICE, 40) if item.id == "square")
    assert world.reference.judge(item, "[x ** 2 for x in xs]").passed
    assert not world.reference.judge(item, "[x + x for x in xs]").passed


def test_a_strange_item_is_refused() -> None:
    with pytest.raises(ValueError, match="names no function"):
        HiddenCases().judge(Item("i", {"head": ""}, "xs", "functions fly"), "xs")


@pytest.mark.parametrize("steps", [0, 7, "2", True])
def test_sizes_that_make_no_sense_are_refused(steps: object) -> None:
    with pytest.raises(BadSpec, match="functions"):
        Functions(steps)  # type: ignore[arg-type]

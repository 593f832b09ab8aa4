"""Random steps in place of the model's: what the step critic alone is worth. Used by `think_curves`.

A random step has the right form, whatever stands before it: one of the given numbers, the asked operation with a
result of the usual size, right arithmetic on two of the numbers that are left. What the step critic passes stays. As
many steps are proposed as whole answers would have; where this solves as much as a search, the critic did the work.
"""

from __future__ import annotations

from collections.abc import Callable

from nightschool.critics.judging import judge
from nightschool.items import Item, Noise
from nightschool.ports import World
from nightschool.worlds.calculation import results_of, steps_of
from nightschool.worlds.dice import Dice
from nightschool.worlds.game24_steps import moves, question

Step = Callable[[World, Item, list[str], Dice], str | None]


def _sorting(world: World, item: Item, before: list[str], dice: Dice) -> str | None:
    numbers = item.inputs["numbers"].split(", ")
    return dice.pick(numbers) if len(before) < len(numbers) else None


def _arithmetic(world: World, item: Item, before: list[str], dice: Dice) -> str | None:
    steps = steps_of(item.inputs["expression"])
    if len(before) == len(steps):
        return None
    step = steps[len(before)]
    left = results_of(before[-1])[-1] if before else step.left
    said = world.babble(item, Noise(("control step", dice.below(1 << 30)))) or ""
    return f"{left} {step.sign} {step.right} = {results_of(said)[len(before)]}"


def _game24(world: World, item: Item, before: list[str], dice: Dice) -> str | None:
    numbers, _ = question(item)
    left = list(numbers)
    for text in before:
        one, _, other, _, result = text.split()
        left.remove(int(one))
        left.remove(int(other))
        left.append(int(result))
    return str(dice.pick(moves(left))) if len(left) > 1 else None


FAMILIES: dict[str, tuple[Step, str]] = {
    "sorting": (_sorting, ", "),
    "arithmetic": (_arithmetic, "; "),
    "game24": (_game24, ", "),
}
"""World -> its random step, and what stands between steps."""


def random_steps(world: World, item: Item, worth: int) -> str | None:
    """Return the whole answer that random steps came to within `worth` answers' worth of them, or None.

    Raises KeyError for a world without random steps.
    """
    step, between = FAMILIES[world.spec.partition(":")[0]]
    assert world.step_critic is not None
    assert item.target is not None
    dice = Dice(Noise(("control", item.id)))
    found: list[str] = []
    for _ in range(worth * len(item.target.split(between))):
        new = step(world, item, found, dice)
        if new is None:
            break
        if judge(world.step_critic, item, between.join([*found, new])).passed:
            found.append(new)
    return between.join(found) if found and step(world, item, found, dice) is None else None

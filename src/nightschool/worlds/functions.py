"""Small functions to write in Python, told in words and by examples, checked by running them in the sandbox.

Shows what unit tests are worth as a verifier: the examples that everybody sees guide the search, other cases grade the
answer, so that a program that only fits the examples is seen for what it is.

An item is a chain of operations on a list of numbers (`keep the even numbers, then add 3 to each`); the answer is what
stands behind `return`. The leak key is the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.registry import make
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import whole
from nightschool.worlds.truth import Informed

HEAD = "def f(xs):\n    return "
_SHOWN, _HIDDEN = 3, 12


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of step.

    words, code: with `{k}` for its number; code has `{xs}` for the list; do: (list, k) -> value; least, most: of k.
    """

    words: str
    code: str
    do: Callable[[list[int], int], Any]
    least: int = 0
    most: int = 0


OPERATIONS = {
    "even": Operation("keep the even numbers", "list(x for x in {xs} if x % 2 == 0)", lambda xs, _: _keep(xs, 2, 0)),
    "odd": Operation("keep the odd numbers", "list(x for x in {xs} if x % 2 == 1)", lambda xs, _: _keep(xs, 2, 1)),
    "above": Operation(
        "keep the numbers above {k}", "list(x for x in {xs} if x > {k})", lambda xs, k: [x for x in xs if x > k], 2, 9
    ),
    "below": Operation(
        "keep the numbers below {k}", "list(x for x in {xs} if x < {k})", lambda xs, k: [x for x in xs if x < k], 4, 12
    ),
    "add": Operation("add {k} to each", "list(x + {k} for x in {xs})", lambda xs, k: [x + k for x in xs], 1, 9),
    "times": Operation("multiply each by {k}", "list(x * {k} for x in {xs})", lambda xs, k: [x * k for x in xs], 2, 9),
    "square": Operation("square each", "list(x * x for x in {xs})", lambda xs, _: [x * x for x in xs]),
    "sort": Operation("sort them", "sorted({xs})", lambda xs, _: sorted(xs)),
    "reverse": Operation("reverse their order", "list(reversed({xs}))", lambda xs, _: xs[::-1]),
    "first": Operation("take the first {k}", "{xs}[:{k}]", lambda xs, k: xs[:k], 1, 3),
    "drop": Operation("leave out the first {k}", "{xs}[{k}:]", lambda xs, k: xs[k:], 1, 3),
}
LAST = {
    "sum": Operation("return their sum", "sum({xs})", lambda xs, _: sum(xs)),
    "count": Operation("return how many there are", "len({xs})", lambda xs, _: len(xs)),
}
Chain = tuple[tuple[str, int], ...]


class Functions(Drawn):
    """A world of functions with `steps` operations, some of which end in a sum or a count.

    Raises BadSpec; MissingDependency, when something is judged, where there is no sandbox.
    """

    def __init__(self, steps: int = 2) -> None:
        whole("functions", steps=(steps, 1, 6))
        self.steps = steps
        self.spec = f"functions:steps={steps}"
        self.wordings: Sequence[Wording] = built_in("functions")
        self.reference: Critic = HiddenCases()
        self.verifier: Critic | None = make("critics", "python-tests", sight="verifier", source="tests", before="head")
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 36 * (steps + 1)  # one token a character

    def levels(self) -> Sequence[Functions]:
        """Return one operation first, then more."""
        return (*(Functions(steps) for steps in range(1, self.steps)), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return another function of as many operations."""
        return code(self._roll(Dice(noise)))

    def _roll(self, dice: Dice) -> Chain:
        names = [dice.pick(list(OPERATIONS)) for _ in range(self.steps)]
        if dice.chance(0.5):
            names.append(dice.pick(list(LAST)))
        return tuple((name, dice.between(_of(name).least, _of(name).most)) for name in names)

    def _draw(self, dice: Dice) -> Item | None:
        chain = self._roll(dice)
        if len({name for name, _ in chain}) < len(chain):  # sorting twice, or keeping what is kept
            return None
        lists = [_list(dice, 4 + i) for i in range(_SHOWN)]
        inputs = {"description": words(chain), "tests": cases(chain, lists), "list": str(lists[0]), "head": HEAD}
        return Item(_name(chain), inputs, code(chain), f"functions {_name(chain)}")


class HiddenCases:
    """The reference: passed when the function is right on a dozen lists that nobody was shown. score: the share."""

    name = "hidden-cases"
    sight = Sight.REFERENCE
    timeout_s = None

    def __init__(self) -> None:
        self._tests: Critic = make("critics", "python-tests", before="head")

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict, without what the values should have been. Raises ValueError for a strange item."""
        chain = _chain(item.key)
        dice = Dice(Noise((item.key, "hidden")))
        lists = [[], *(_list(dice, 1 + i) for i in range(_HIDDEN - 1))]
        return self._tests.judge(replace(item, target=cases(chain, lists)), answer)


def code(chain: Chain) -> str:
    """Return the expression of xs that does it.

    >>> code((("even", 0), ("add", 3)))
    'list(x + 3 for x in list(x for x in xs if x % 2 == 0))'
    """
    text = "xs"
    for name, k in chain:
        text = _of(name).code.replace("{xs}", text).replace("{k}", str(k))
    return text


def words(chain: Chain) -> str:
    """Return what to do, in words."""
    return ", then ".join(_of(name).words.replace("{k}", str(k)) for name, k in chain)


def value(chain: Chain, numbers: Sequence[int]) -> Any:
    """Return what the function gives."""
    result: Any = list(numbers)
    for name, k in chain:
        result = _of(name).do(result, k)
    return result


def cases(chain: Chain, lists: Sequence[Sequence[int]]) -> str:
    """Return a line for each of `lists`, such as `f([1, 2]) == [2, 3]`."""
    return "\n".join(f"f({list(numbers)}) == {value(chain, numbers)!r}" for numbers in lists)


def _of(name: str) -> Operation:
    return OPERATIONS[name] if name in OPERATIONS else LAST[name]


def _keep(numbers: list[int], modulus: int, rest: int) -> list[int]:
    return [x for x in numbers if x % modulus == rest]


def _list(dice: Dice, length: int) -> list[int]:
    return [dice.between(0, 15) for _ in range(length)]


def _name(chain: Chain) -> str:
    return " ".join(f"{name}:{k}" if _of(name).most else name for name, k in chain)


def _chain(key: str) -> Chain:
    """Return the chain that a leak key names. Raises ValueError for what is none."""
    parts = [part.partition(":") for part in key.split()[1:]]
    if not parts or any(name not in OPERATIONS and name not in LAST for name, _, _ in parts):
        raise ValueError(f"{key!r} names no function of this world")
    return tuple((name, int(k or 0)) for name, _, k in parts)

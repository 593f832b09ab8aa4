"""Copying: what stands in the prompt is to be written again: all of it, a part of it, or what followed a cue.

Shows the simplest uses of a context. `all` repeats a row; `selective` repeats its letters and leaves the digits out,
which takes a decision at every place (arjovsky2015, gu2023); `induction` finds where a letter stood before and says
what came after it, the step that in-context learning is made of (olsson2022). Nothing has to be known and nothing
worked out, so a failure here is one of looking, and bounds what may be expected of tasks that need more.

The leak key is the row: all cues of one row are in one split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import whole
from nightschool.worlds.so_far import SoFar
from nightschool.worlds.truth import Informed

KINDS = ("all", "selective", "induction")
_LETTERS = "bcdfghjklmnpqrstvwxz"  # no vowels: rows must not be words that a model knows


class Copying(Drawn):
    """A world of rows of `n` letters. Raises BadSpec.

    kind: `all`, `selective` (`fillers` digits stand between the letters), or `induction` (each letter is followed by a
    digit, and one letter is asked for).
    """

    def __init__(self, kind: str = "selective", n: int = 5, fillers: int = 5) -> None:
        if kind not in KINDS:
            raise BadSpec(f"copying: kind is one of {', '.join(KINDS)}, not {kind!r}")
        whole("copying", n=(n, 3, len(_LETTERS)), fillers=(fillers, 1, 200))
        self.kind, self.n, self.fillers = kind, n, fillers
        self.spec = f"copying:kind={kind},n={n}" + (f",fillers={fillers}" if kind == "selective" else "")
        self.wordings: Sequence[Wording] = built_in(f"copying-{kind}")
        self.reference: Critic = Copied(kind)
        self.verifier: Critic | None = self.reference  # the row determines the copy
        self.step_critic: Critic | None = SoFar("copied-so-far", lambda item: wanted(item, kind), read_symbols)
        self.expert: Expert | None = Informed(None if kind == "induction" else " ")
        self.max_answer_tokens = 2 * (1 if kind == "induction" else n) + 8

    def levels(self) -> Sequence[Copying]:
        """Return rows of three letters, then twice as many as before, ending with this world.

        >>> [level.spec for level in Copying("all", n=10).levels()]
        ['copying:kind=all,n=3', 'copying:kind=all,n=6', 'copying:kind=all,n=10']
        """
        sizes = [n for n in (3, 6, 12) if n < self.n]
        return (*(Copying(self.kind, n, max(1, self.fillers * n // self.n)) for n in sizes), self)

    def beyond(self) -> Mapping[str, Copying]:
        """Return where the same skill is asked for past this world: in longer rows, as long as there are letters."""
        longer = min(2 * self.n, len(_LETTERS))
        return {"longer": Copying(self.kind, longer, 2 * self.fillers)} if longer > self.n else {}

    def babble(self, item: Item, noise: Noise) -> str:
        """Return what stands in the row, in random order, or any of its digits."""
        dice, row = Dice(noise), item.inputs["row"].split()
        if self.kind == "induction":
            return dice.pick(row[1::2])
        return " ".join(dice.shuffled(wanted(item, self.kind)))

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each symbol of `answer` whether it is the true one there (for `exam.horizon`)."""
        return tuple(a == b for a, b in zip(wanted(item, self.kind), _symbols(answer), strict=False))

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        row = item.inputs["row"].split()
        letters = [symbol for symbol in row if symbol.isalpha()]
        said = {
            "repeats all of the row": " ".join(row),
            "writes the digits": " ".join(symbol for symbol in row if symbol.isdigit()),
            "writes the letters backwards": " ".join(reversed(letters)),
            "writes them in alphabetical order": " ".join(sorted(letters)),
        }
        if self.kind == "induction":
            said |= {"repeats the cue": item.inputs["cue"], "writes the last of the row": row[-1]}
        target = " ".join(wanted(item, self.kind))
        return {name: text for name, text in said.items() if text and text != target}

    def _draw(self, dice: Dice) -> Item | None:
        letters = [_LETTERS[place] for place in dice.distinct(self.n, 0, len(_LETTERS) - 1)]
        inputs: dict[str, str] = {}
        if self.kind == "all":
            row = letters
        elif self.kind == "selective":
            places = dice.shuffled([True] * self.n + [False] * self.fillers)
            queue = iter(letters)
            row = [next(queue) if letter else str(dice.below(10)) for letter in places]
        else:
            row = [symbol for letter in letters for symbol in (letter, str(dice.below(10)))]
            inputs["cue"] = dice.pick(letters)
        inputs = {"row": " ".join(row), **inputs}
        item = Item(" | ".join(inputs.values()), inputs, None, f"copying {self.kind} {inputs['row']}")
        return replace(item, target=" ".join(wanted(item, self.kind)))


def wanted(item: Item, kind: str) -> tuple[str, ...]:
    """Return the symbols of the right answer. Raises ValueError for a cue that is not in the row."""
    row = item.inputs["row"].split()
    if kind == "all":
        return tuple(row)
    if kind == "selective":
        return tuple(symbol for symbol in row if symbol.isalpha())
    return (row[row.index(item.inputs["cue"]) + 1],)


def read_symbols(answer: str) -> tuple[str, ...]:
    """Return the symbols that `answer` writes, apart by spaces or commas, in small letters."""
    return tuple(symbol.casefold() for symbol in _symbols(answer))


def _symbols(answer: str) -> tuple[str, ...]:
    return tuple(answer.strip().removesuffix(".").replace(",", " ").split())


class Copied:
    """The verifier of copying: reads the row. score: the share of symbols that are right where they stand."""

    name = "copied"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict; capitals do not count, commas between symbols neither."""
        right, given = wanted(item, self.kind), read_symbols(answer)
        if given == right:
            return Verdict.of(True)
        if not given or any(len(symbol) > 1 for symbol in given):
            return Verdict.of(False, "Write the symbols alone, with spaces between them.")
        placed = sum(a == b for a, b in zip(right, given, strict=False))
        if len(given) != len(right):
            return Verdict(0.5 * placed / max(len(given), len(right)), False, f"Write {len(right)} symbols.")
        return Verdict(0.9 * placed / len(right), False, "Not every symbol is the right one at its place.")

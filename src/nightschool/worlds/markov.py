"""Markov: text of a known source, to be continued.

Shows how well a model picks up a statistical source from a sample, and how fast what it writes itself drifts away from
it: every probability of the source is known, so the divergence is measured in nats per letter and not guessed
(`exam.drift`). As an item of an exam, a continuation passes when the source could have written it: every letter may
follow the one before. As a curve, the same letters tell the error of one step and what happens after a mistake.

The source is one chain for the whole world, named by its parameters: a model that has learned it has learned
something. The leak key is the text shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.chain import SYMBOLS, Chain, random_chain
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import whole
from nightschool.worlds.truth import Informed


class Markov(Drawn):
    """A world of texts by chain number `chain` of `states` letters, each followed by one of `ways` others.

    shown: letters that are shown; more: letters that are to be written behind them. Raises BadSpec.
    """

    def __init__(self, states: int = 6, ways: int = 2, shown: int = 64, more: int = 8, chain: int = 0) -> None:
        whole("markov", states=(states, 3, len(SYMBOLS)))
        whole(
            "markov", ways=(ways, 1, states - 1), shown=(shown, 2, 2000), more=(more, 1, 500), chain=(chain, 0, 10**6)
        )
        self.states, self.ways, self.shown, self.more, self.number = states, ways, shown, more, chain
        self.spec = f"markov:states={states},ways={ways},shown={shown},more={more},chain={chain}"
        self.source: Chain = random_chain(states, ways, chain)
        self.wordings: Sequence[Wording] = built_in("markov")
        self.reference: Critic = Possible(self.source, more)
        self.verifier: Critic | None = self.reference
        self.step_critic: Critic | None = PossibleSoFar(self.source)
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 2 * more + 4

    def levels(self) -> Sequence[Markov]:
        """Return one letter to be written, two, four and so on, ending with this world."""
        lengths = [2**power for power in range(self.more.bit_length()) if 2**power < self.more]
        return (*(Markov(self.states, self.ways, self.shown, n, self.number) for n in lengths), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return random letters of the source."""
        dice = Dice(noise)
        return " ".join(dice.pick(self.source.symbols) for _ in range(self.more))

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each letter of `answer` whether it may follow the one before (for `exam.horizon`)."""
        return tuple(self.source.allows(a, b) for a, b in pairwise((item.inputs["last"], *letters_of(answer))))

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        text = item.inputs["text"].split()
        return {"repeats the end of the text": " ".join(text[-self.more :]), "repeats its beginning": " ".join(text)}

    def _draw(self, dice: Dice) -> Item | None:
        text = self.source.sample(self.shown, dice)
        rest = self.source.sample(self.more, dice, start=text[-1])
        written = " ".join(text)
        inputs = {"text": written, "last": text[-1], "more": str(self.more), "letters": ", ".join(self.source.symbols)}
        return Item(written, inputs, " ".join(rest), f"markov {self.number} {written}")


def letters_of(answer: str) -> tuple[str, ...]:
    """Return the letters that `answer` writes, apart by spaces or commas."""
    return tuple(answer.strip().removesuffix(".").replace(",", " ").split())


class Possible:
    """The verifier of this world: could the source have written it? score: the share of letters up to the first no."""

    name = "possible"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, source: Chain, more: int) -> None:
        self.source, self.more = source, more

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict on at least `more` letters; feedback names the first that cannot stand where it does."""
        given = letters_of(answer)
        if not given or any(len(letter) > 1 or letter not in self.source.symbols for letter in given):
            return Verdict.of(False, "Write letters of the text alone, with spaces between them.")
        for place, (before, after) in enumerate(pairwise((item.inputs["last"], *given))):
            if not self.source.allows(before, after):
                return Verdict(min(place / self.more, 0.9), False, f"{after} never follows {before}.")
        if len(given) < self.more:
            return Verdict(0.5 * len(given) / self.more, False, f"Write {self.more} letters.")
        return Verdict.of(True)


class PossibleSoFar:
    """The step critic of this world: passed while every letter may follow the one before."""

    name = "possible-so-far"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, source: Chain) -> None:
        self.source = source

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether the source could have begun like `answer`."""
        given = letters_of(answer)
        good = all(self.source.allows(a, b) for a, b in pairwise((item.inputs["last"], *given)))
        return Verdict(1.0, True) if good else Verdict.of(False, "The source never writes this.")

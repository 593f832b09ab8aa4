"""Concepts: what an invented word means that was defined once, and what follows from its meaning.

Shows whether a definition is taken up as a meaning or as a string: the kind of thing is asked for straight and in
other words, the word is asked for by its meaning (reversed), what one does with the thing follows from its kind
(two-hop), and a later sentence may change one of its properties (update). As with `facts`, the definition stands in the
prompt where `shown`, and is otherwise what somebody has told the model before.

The leak key is the word.
"""

from __future__ import annotations

from dataclasses import dataclass

from nightschool.items import Item, Noise, Split
from nightschool.worlds.dice import Dice
from nightschool.worlds.invented import word
from nightschool.worlds.told import Told

_USES = {
    "fruit": "eat", "cake": "eat", "tea": "drink", "juice": "drink", "hat": "wear", "coat": "wear", "boat": "travel",
    "cart": "travel", "flute": "listen", "drum": "listen", "novel": "read", "poem": "read",
}  # fmt: skip
_VERBS = tuple(dict.fromkeys(_USES.values()))
_COLOURS = ("black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")
_TRIES = 10_000
_REGIONS = ("coast", "desert", "forest", "islands", "lowlands", "marshes", "mountains", "valley")


@dataclass(frozen=True, slots=True)
class Concept:
    """What a word means. recoloured: the colour that a later sentence gives it."""

    word: str
    kind: str
    colour: str
    region: str
    recoloured: str

    @classmethod
    def drawn(cls, dice: Dice) -> Concept:
        """Return a concept made of `dice`."""
        colours = dice.shuffled(_COLOURS)
        return cls(word(dice), dice.pick(tuple(_USES)), colours[0], dice.pick(_REGIONS), colours[1])

    @property
    def key(self) -> str:
        """Return the leak key of every question about this word."""
        return f"concepts {self.word}"

    @property
    def definition(self) -> str:
        """Return the one sentence that defines the word."""
        return f"A {self.word} is a {self.colour} {self.kind} from the {self.region}."

    @property
    def news(self) -> str:
        """Return the sentence that changes its colour."""
        return f"The colour of a {self.word} is {self.recoloured} from now on."

    def questions(self, kind: str) -> tuple[tuple[str, str], ...]:
        """Return the questions of one kind, each with its answer."""
        verbs = f"{', '.join(_VERBS[:-1])} or {_VERBS[-1]}"
        asked = {
            "direct": (
                (f"What kind of thing is a {self.word}?", self.kind),
                (f"What is the colour of a {self.word}?", self.colour),
                (f"Where does a {self.word} come from?", self.region),
            ),
            "paraphrased": (
                (f"Somebody hands you a {self.word}. What do you hold in your hands?", self.kind),
                (f"You would paint a {self.word} in which colour?", self.colour),
                (f"To find a {self.word}, to which part of the country would you go?", self.region),
            ),
            "reversed": ((f"Which word means a {self.colour} {self.kind} from the {self.region}?", self.word),),
            "two-hop": ((f"What is a {self.word} for? Answer with one of these verbs: {verbs}.", _USES[self.kind]),),
            "update": ((f"Which colour does a {self.word} have now?", self.recoloured),),
        }
        return asked[kind]


class Concepts(Told):
    """A world of questions about invented words. Raises BadSpec.

    ask: `direct`, `paraphrased`, `reversed`, `two-hop`, `update` or `all`; shown: whether the definition stands in the
    prompt.
    """

    name = "concepts"

    def babble(self, item: Item, noise: Noise) -> str:
        """Return an answer of the right form: any kind, colour, region, word or verb."""
        dice = Dice(noise)
        for options in (tuple(_USES), _COLOURS, _REGIONS, _VERBS):
            if item.target in options:
                return dice.pick(options)
        return word(dice)

    def _draw(self, dice: Dice) -> Item | None:
        concept = Concept.drawn(dice)
        kind = self._kind(dice)
        question, answer = dice.pick(concept.questions(kind))
        told = (concept.definition, concept.news) if kind == "update" else (concept.definition,)
        inputs = {"facts": " ".join(told), "question": question, "subject": concept.word}
        return Item(f"{concept.word}: {question}", inputs, answer, concept.key)


def concepts(split: Split, count: int, seed: int) -> list[Concept]:
    """Return `count` concepts of `split`, no two of the same word or the same meaning.

    Raises ValueError where so many cannot be found.
    """
    dice = Dice(Noise(("concepts", "words", seed)))
    found: dict[str, Concept] = {}
    meanings: set[tuple[str, str, str]] = set()
    for _ in range(_TRIES):
        if len(found) == count:
            return list(found.values())
        one = Concept.drawn(dice)
        meaning = (one.kind, one.colour, one.region)
        if Item(one.word, {}, None, one.key).split is split and one.word not in found and meaning not in meanings:
            found[one.word] = one
            meanings.add(meaning)
    raise ValueError(f"no {count} concepts of unlike meanings; ask for fewer")

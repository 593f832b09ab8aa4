"""Two invented people and what is told of them, with the questions that it answers.

Statements are plain sentences, one fact each. Questions come in five kinds: `direct` (as one would ask), `paraphrased`
(in other words), `reversed` (the answer is given, and who it belongs to is asked), `two-hop` (about the sibling of
somebody who is named), and `update` (where somebody lives, after they have moved).
"""

from __future__ import annotations

from dataclasses import dataclass

from nightschool.worlds.dice import Dice
from nightschool.worlds.invented import family_name, given_name, town

JOBS = (
    "baker", "beekeeper", "bookbinder", "carpenter", "clockmaker", "dentist", "diver", "florist", "gardener",
    "glassblower", "goldsmith", "hatter", "judge", "librarian", "locksmith", "miller", "nurse", "painter", "pilot",
    "plumber", "potter", "sailor", "shepherd", "surveyor", "tailor", "teacher", "translator", "weaver",
)  # fmt: skip
INSTRUMENTS = (
    "accordion", "bagpipes", "banjo", "bassoon", "cello", "clarinet", "drums", "flute", "guitar", "harp", "horn",
    "mandolin", "oboe", "organ", "piano", "saxophone", "trombone", "trumpet", "tuba", "viola", "violin", "zither",
)  # fmt: skip
ANIMALS = ("cat", "dog", "donkey", "goat", "horse", "parrot", "rabbit", "tortoise")

FACTS = ("home", "job", "sibling", "instrument", "pet")
_STATED = {
    "home": "{a} lives in {town}.",
    "job": "{a} works as a {job}.",
    "sibling": "{a}'s {sibling} is {b}.",
    "instrument": "{b} plays the {instrument}.",
    "pet": "{b} has a {animal} called {pet}.",
}
_DIRECT = {
    "home": "Where does {a} live?",
    "job": "What does {a} do for a living?",
    "sibling": "Who is the {sibling} of {a}?",
    "instrument": "Which instrument does {b} play?",
    "pet": "What is {b}'s {animal} called?",
}
_PARAPHRASED = {
    "home": ("A letter for {a} has to be sent to which town?", "Name the town where {a} comes home at night."),
    "job": ("When {a} goes to work, what kind of work is it?", "How does {a} earn money?"),
    "sibling": ("{a} has a {sibling}. Under which name?", "Give the name of the {sibling} that {a} has."),
    "instrument": ("{b} makes music. On what?", "If {b} brought an instrument to a party, which one would it be?"),
    "pet": ("By which name does {b} call the {animal}?", "{b} keeps a {animal}. Tell me its name."),
}
_REVERSED = {
    "home": "Which person would I meet in {town}?",
    "sibling": "Who has a {sibling} by the name of {b}?",
    "pet": "Whose {animal} goes by the name of {pet}?",
}
_TWO_HOP = {
    "instrument": "Which instrument does the {sibling} of {a} play?",
    "pet": "What is the {animal} of {a}'s {sibling} called?",
}
_MOVED = "{a} now lives in {other}."
_UPDATE = "In which town is {a} living now?"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. kind: of `told.KINDS`; fact: of `FACTS`; subject: who or what it names; answer: what is right."""

    kind: str
    fact: str
    question: str
    subject: str
    answer: str


@dataclass(frozen=True, slots=True)
class Household:
    """Two siblings. a, b: their names; all else what is so of them; other: the town that `a` moves to."""

    family: str
    a: str
    b: str
    town: str
    job: str
    sibling: str
    instrument: str
    animal: str
    pet: str
    other: str

    @classmethod
    def drawn(cls, dice: Dice) -> Household:
        """Return a household made of `dice`."""
        family = family_name(dice)
        first, second, pet = given_name(dice), given_name(dice), given_name(dice)
        home, other = town(dice), town(dice)
        return cls(
            family, f"{first} {family}", f"{second} {family}", home, dice.pick(JOBS), dice.pick(("brother", "sister")),
            dice.pick(INSTRUMENTS), dice.pick(ANIMALS), pet, other,
        )  # fmt: skip

    @property
    def odd(self) -> bool:
        """Return whether two of its names are the same, which leaves its questions without one right answer."""
        given = (self.a.split()[0], self.b.split()[0], self.pet)
        return len(set(given)) < len(given) or self.town == self.other

    @property
    def key(self) -> str:
        """Return the leak key of every question about these people: a two-hop question is about both."""
        return f"facts {self.family}"

    def state(self, fact: str) -> str:
        """Return the sentence that tells `fact`."""
        return self._fill(_STATED[fact])

    @property
    def statements(self) -> tuple[str, ...]:
        """Return one sentence for each fact, in the order of `FACTS`."""
        return tuple(self.state(fact) for fact in FACTS)

    @property
    def news(self) -> str:
        """Return the sentence that supersedes where `a` lives."""
        return self._fill(_MOVED)

    def questions(self, kind: str) -> tuple[Asked, ...]:
        """Return the questions of one kind, one or more for each fact that can be asked for in that way."""
        if kind == "update":
            return (Asked(kind, "home", self._fill(_UPDATE), self.a, self.other),)
        if kind == "reversed":
            return tuple(
                Asked(kind, fact, self._fill(text), self._value(fact), self.b if fact == "pet" else self.a)
                for fact, text in _REVERSED.items()
            )
        if kind == "paraphrased":
            pairs = [(fact, text) for fact, texts in _PARAPHRASED.items() for text in texts]
        else:
            pairs = list((_DIRECT if kind == "direct" else _TWO_HOP).items())
        about_b = ("instrument", "pet") if kind != "two-hop" else ()
        return tuple(
            Asked(kind, fact, self._fill(text), self.b if fact in about_b else self.a, self._value(fact))
            for fact, text in pairs
        )

    def _value(self, fact: str) -> str:
        values = {"home": self.town, "job": self.job, "sibling": self.b, "instrument": self.instrument, "pet": self.pet}
        return values[fact]

    def _fill(self, text: str) -> str:
        return text.format(
            a=self.a, b=self.b, town=self.town, other=self.other, job=self.job, sibling=self.sibling,
            instrument=self.instrument, animal=self.animal, pet=self.pet,
        )  # fmt: skip

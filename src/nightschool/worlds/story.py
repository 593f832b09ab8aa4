"""A story of people, things and places: told event by event, and read back into the state of the world at its end.

    Ada went to the kitchen. Ada took the lamp. Ada went to the garden. Ada died.

The dead neither go nor take; what somebody holds goes where they go, and lies where they died.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nightschool.worlds.dice import Dice

PEOPLE = ("Ada", "Boris", "Clara", "David", "Emma", "Felix")
PLACES = ("kitchen", "garden", "cellar", "attic", "library", "stable")
THINGS = ("lamp", "apple", "key", "book", "coin", "rope")

_WENT = re.compile(r"(\w+) went to the (\w+)")
_TOOK = re.compile(r"(\w+) took the (\w+)")
_LEFT = re.compile(r"(\w+) put down the (\w+)")
_DIED = re.compile(r"(\w+) died")


@dataclass(slots=True)
class State:
    """Where everybody is, who holds what, where the rest lies, and who is dead."""

    people: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    lying: dict[str, str] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)

    def place_of(self, thing: str) -> str | None:
        """Return where `thing` is, with whoever holds it, or None where nobody has spoken of it."""
        return self.people[self.held[thing]] if thing in self.held else self.lying.get(thing)

    def tell(self, sentence: str) -> None:
        """Take one event in. Raises ValueError for a sentence that is none, or that cannot happen."""
        if match := _WENT.fullmatch(sentence):
            self._alive(match[1], sentence)
            self.people[match[1]] = match[2]
        elif match := _TOOK.fullmatch(sentence):
            self._alive(match[1], sentence)
            self.lying.pop(match[2], None)
            self.held[match[2]] = match[1]
        elif match := _LEFT.fullmatch(sentence):
            self._alive(match[1], sentence)
            if self.held.pop(match[2], None) != match[1]:
                raise ValueError(f"who holds nothing puts nothing down: {sentence!r}")
            self.lying[match[2]] = self.people[match[1]]
        elif match := _DIED.fullmatch(sentence):
            self._alive(match[1], sentence)
            self.dead.add(match[1])
            for thing in [thing for thing, holder in self.held.items() if holder == match[1]]:
                del self.held[thing]
                self.lying[thing] = self.people[match[1]]
        else:
            raise ValueError(f"not an event: {sentence!r}")

    def _alive(self, person: str, sentence: str) -> None:
        if person in self.dead:
            raise ValueError(f"the dead do nothing: {sentence!r}")


def read_story(text: str) -> State:
    """Return the state at the end of a story. Raises ValueError for a sentence that is no event."""
    state = State()
    for sentence in text.split("."):
        if sentence.strip():
            state.tell(sentence.strip())
    return state


def write_story(dice: Dice, people: int, events: int) -> str:
    """Return a story of about `events` events: all people enter first, and somebody at least stays alive."""
    names, state = PEOPLE[:people], State()
    told: list[str] = []

    def tell(sentence: str) -> None:
        state.tell(sentence)
        told.append(sentence)

    for name in names:
        tell(f"{name} went to the {dice.pick(PLACES)}")
    while len(told) < events:
        alive = [name for name in names if name not in state.dead]
        name = dice.pick(alive)
        held = [thing for thing, holder in state.held.items() if holder == name]
        here = [thing for thing, place in state.lying.items() if place == state.people[name]]
        new = [thing for thing in THINGS if thing not in state.held and thing not in state.lying]
        roll = dice.below(10)
        if roll < 5:
            tell(f"{name} went to the {dice.pick([place for place in PLACES if place != state.people[name]])}")
        elif roll < 7 and (here or new):
            tell(f"{name} took the {dice.pick(here or new)}")
        elif roll < 9 and held:
            tell(f"{name} put down the {dice.pick(held)}")
        elif roll == 9 and len(alive) > 1:
            tell(f"{name} died")
    return ". ".join(told) + "."

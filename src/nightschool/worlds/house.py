"""A house of a few rooms with things in them, where somebody moves step by step: told in words, and read back.

    The kitchen leads to the garden and the attic. ... The lamp is in the garden. You are in the kitchen.

Moves are words as well: `go to the garden`, `take the lamp`, `put down the lamp`. Hands hold one thing at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nightschool.worlds.dice import Dice

ROOMS = ("kitchen", "garden", "cellar", "attic", "library", "stable", "hall", "workshop")
THINGS = ("lamp", "apple", "key", "book", "coin", "rope", "hammer", "cup")

_LEADS = re.compile(r"The (\w+) leads to ([\w ,]+)\.")
_LIES = re.compile(r"The (\w+) is in the (\w+)\.")
_HERE = re.compile(r"You are in the (\w+)\.")
_GOAL = re.compile(r"[Bb]ring the (\w+) to the (\w+)")
_BETWEEN = re.compile(r"\s*(?:[;,.\n]|\band\b|\bthen\b)\s*")


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand. here: the room; held: the thing in hand, if any; lying: the room of each other thing."""

    here: str
    held: str | None
    lying: tuple[tuple[str, str], ...]

    def where(self, thing: str) -> str:
        """Return the room that `thing` is in, also in hand. Raises ValueError for a thing that is not there."""
        found = self.here if thing == self.held else dict(self.lying).get(thing)
        if found is None:
            raise ValueError(f"there is no {thing}")
        return found


@dataclass(frozen=True, slots=True)
class House:
    """Rooms and how they are joined, how things stand at first, and what is wanted: `thing` in `room`, out of hand."""

    doors: Mapping[str, tuple[str, ...]]
    begin: Now
    thing: str
    room: str

    @classmethod
    def drawn(cls, dice: Dice, rooms: int, things: int) -> House:
        """Return a house made of `dice`: rooms joined as a tree, every thing in a room, the wanted one in another."""
        names = dice.shuffled(ROOMS)[:rooms]
        doors: dict[str, list[str]] = {name: [] for name in names}
        for place in range(1, rooms):
            other = dice.pick([name for name in names[:place] if len(doors[name]) < 3])
            doors[names[place]].append(other)
            doors[other].append(names[place])
        lying = {thing: dice.pick(names) for thing in dice.shuffled(THINGS)[:things]}
        wanted = dice.pick(list(lying))
        goal = dice.pick([name for name in names if name != lying[wanted]])
        joined = {name: tuple(sorted(others)) for name, others in sorted(doors.items())}
        return cls(joined, Now(dice.pick(names), None, tuple(sorted(lying.items()))), wanted, goal)

    @classmethod
    def read(cls, text: str, goal: str) -> House:
        """Return the house that `tell` told, with its `goal`. Raises ValueError for a text that is none."""
        doors = {name: tuple(re.findall(r"the (\w+)", others)) for name, others in _LEADS.findall(text)}
        here, wanted = _HERE.search(text), _GOAL.search(goal)
        if not doors or here is None or wanted is None:
            raise ValueError(f"not a house with a goal: {text!r}, {goal!r}")
        return cls(doors, Now(here[1], None, tuple(sorted(_LIES.findall(text)))), wanted[1], wanted[2])

    def tell(self) -> str:
        """Return the whole house in words: doors, things, and where one stands."""
        doors = (f"The {name} leads to {listed(others)}." for name, others in self.doors.items())
        things = (f"The {thing} is in the {room}." for thing, room in self.begin.lying)
        return " ".join((*doors, *things, f"You are in the {self.begin.here}."))

    @property
    def goal(self) -> str:
        """Return what is wanted, in words."""
        return f"Bring the {self.thing} to the {self.room}."

    def see(self, now: Now) -> str:
        """Return what is seen from where one stands, in words: no other room's inside."""
        things = [thing for thing, room in now.lying if room == now.here]
        seen = f"You see {listed(things)}." if things else "There is nothing here."
        hand = f"You hold the {now.held}." if now.held else "You hold nothing."
        return f"You are in the {now.here}. {seen} {hand} Doors lead to {listed(self.doors[now.here])}."

    def moves(self, now: Now) -> tuple[str, ...]:
        """Return what can be done, in words."""
        hand = (f"put down the {now.held}",) if now.held else ()
        take = () if now.held else tuple(f"take the {thing}" for thing, room in now.lying if room == now.here)
        return (*hand, *take, *(f"go to the {room}" for room in self.doors[now.here]))

    def act(self, now: Now, move: str) -> Now | None:
        """Return how things stand after `move`, or None where it cannot be done."""
        if move not in self.moves(now):
            return None
        name = move.rsplit(" ", 1)[1]
        if move.startswith("go"):
            return replace(now, here=name)
        lying = dict(now.lying)
        if move.startswith("take"):
            del lying[name]
            return replace(now, held=name, lying=tuple(sorted(lying.items())))
        return replace(now, held=None, lying=tuple(sorted({**lying, name: now.here}.items())))

    def reached(self, now: Now) -> bool:
        """Return whether what is wanted is so."""
        return dict(now.lying).get(self.thing) == self.room

    def left(self, now: Now) -> int:
        """Return how many moves it still takes at least."""
        if self.reached(now):
            return 0
        if now.held == self.thing:
            return self._way(now.here, self.room) + 1
        there = now.where(self.thing)
        return (now.held is not None) + self._way(now.here, there) + self._way(there, self.room) + 2

    def plan(self) -> tuple[str, ...]:
        """Return the moves of a shortest way to the goal."""
        now, found = self.begin, list[str]()
        while not self.reached(now):
            steps = ((move, after) for move in self.moves(now) if (after := self.act(now, move)) is not None)
            move, now = min(steps, key=lambda step: self.left(step[1]))
            found.append(move)
        return tuple(found)

    def _way(self, here: str, there: str) -> int:
        """Return how many doors lie between two rooms."""
        known, edge, steps = {here}, {here}, 0
        while there not in known:
            edge = {other for room in edge for other in self.doors[room]} - known
            if not edge:
                raise ValueError(f"no way leads from the {here} to the {there}")
            known |= edge
            steps += 1
        return steps


def read_moves(answer: str) -> tuple[str, ...]:
    """Return the moves that `answer` writes, apart by semicolons, commas, full stops, lines, `and` or `then`.

    >>> read_moves("Go to the garden, then take the lamp.")
    ('go to the garden', 'take the lamp')
    """
    return tuple(part.casefold() for part in _BETWEEN.split(answer.strip()) if part)


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Return the names with their articles: `the lamp and the coin`."""
    told = [f"the {name}" for name in names]
    return told[0] if len(told) == 1 else ", ".join(told[:-1]) + f" and {told[-1]}"

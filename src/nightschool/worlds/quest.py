"""Quest: a thing is to be brought to a room, by moves that are told and done in words.

Shows whether what a text says can be acted on over several steps. Asked in words, the whole house stands in the prompt
and the answer is a row of moves. Played (`exam.rungs.agent`), one room is seen at a time and one of the possible moves
is chosen, until the thing is where it belongs or the steps are used up: then a policy may learn by that reward alone.

The leak key is the house with all that is in it: every goal in one house is in one split.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.house import ROOMS, THINGS, House, Now, read_moves
from nightschool.worlds.limits import whole
from nightschool.worlds.truth import Informed


class Quest(Drawn):
    """A world of houses of `rooms` rooms with `things` things in them. Raises BadSpec."""

    def __init__(self, rooms: int = 4, things: int = 3) -> None:
        whole("quest", rooms=(rooms, 2, len(ROOMS)), things=(things, 1, len(THINGS)))
        self.rooms, self.things = rooms, things
        self.spec = f"quest:rooms={rooms},things={things}"
        self.wordings: Sequence[Wording] = built_in("quest")
        self.reference: Critic = Arrives()
        self.verifier: Critic | None = self.reference  # the house tells what every move does
        self.step_critic: Critic | None = Possible()
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 8 * (2 * rooms + 2)

    def levels(self) -> Sequence[Quest]:
        """Return houses of two rooms, three and so on, ending with this world.

        >>> [level.spec for level in Quest(rooms=3).levels()]
        ['quest:rooms=2,things=3', 'quest:rooms=3,things=3']
        """
        return (*(Quest(rooms, self.things) for rooms in range(2, self.rooms)), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return as many moves as it takes, each drawn from those that are possible."""
        dice, house = Dice(noise), house_of(item)
        now, moves = house.begin, []
        for _ in house.plan():
            moves.append(dice.pick(house.moves(now)))
            now = _after(house, now, moves[-1])
        return "; ".join(moves)

    def game(self, item: Item) -> House:
        """Return the house of `item`, to be played move by move (`exam.agent`)."""
        return house_of(item)

    def _draw(self, dice: Dice) -> Item | None:
        house = House.drawn(dice, self.rooms, self.things)
        text = house.tell()
        inputs = {"house": text, "goal": house.goal}
        return Item(f"{text} {house.goal}", inputs, "; ".join(house.plan()), f"quest {text}")


def house_of(item: Item) -> House:
    """Return the house that the inputs of `item` tell."""
    return House.read(item.inputs["house"], item.inputs["goal"])


def _after(house: House, now: Now, move: str) -> Now:
    after = house.act(now, move)
    if after is None:
        raise BadSpec(f"not a move that is possible here: {move!r}")
    return after


class Arrives:
    """The verifier of quests: does the moves. score: the share of the way that was gone, short of all of it."""

    name = "arrives"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether the thing is where it belongs after the last move."""
        house = house_of(item)
        now, moves = house.begin, read_moves(answer)
        if not moves:
            return Verdict.of(False, "Write moves: go to the ROOM; take the THING; put down the THING.")
        for place, move in enumerate(moves):
            after = house.act(now, move)
            if after is None:
                return Verdict(_gone(house, now), False, f"Move {place + 1} cannot be done: {move!r}.")
            now = after
        return Verdict.of(True) if house.reached(now) else Verdict(_gone(house, now), False, "The goal is not reached.")


class Possible:
    """The step critic of quests: passed while every whole move can be done. score: the share of the way gone."""

    name = "quest-so-far"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether `answer` can still become right; its last move may be unfinished."""
        house = house_of(item)
        now, moves = house.begin, read_moves(answer)
        for place, move in enumerate(moves):
            after = house.act(now, move)
            if after is not None:
                now = after
            elif place < len(moves) - 1 or not any(each.startswith(move) for each in house.moves(now)):
                return Verdict.of(False, "This cannot be done.")
        return Verdict(1.0 if house.reached(now) else max(0.05, _gone(house, now)), True)


def _gone(house: House, now: Now) -> float:
    return 0.9 * max(0.0, 1 - house.left(now) / house.left(house.begin))

"""agent: an agent learns to act by reward alone, with the frozen model as the part of it that understands text.

In worlds of several steps (`quest`) it plays practice games: it sees a situation in words and the moves that are
possible, chooses one, and is told at the end whether it arrived, and nothing else. What it chooses by is a linear
policy on the model's state behind each move; then it plays the exam's games, greedily. Beside it stand the same agent
with features of shuffled weights, the same agent with rewards that belong to other games, and one that moves at random.
What the model must understand to be of use (that the thing wanted is the thing seen) is nowhere asked for: whoever
learns to use it gets its food.
Ref: williams1992; narasimhan2015.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.errors import BadSpec, ModelError
from nightschool.exam.agent import Choice, Episode, Features, Floats, learn, play
from nightschool.exam.reading import Reading
from nightschool.exam.rung import Absent, Done, Line, Plan, Room, Said
from nightschool.exam.rungs.head import CURVE
from nightschool.items import Item, Noise, Prompt, Sampling, Split, Task, Trace
from nightschool.ports import Ability

NEVER = "it is a probe: a policy that was trained on the states chooses the moves, and not the model"
Run = Callable[[Sequence[Job]], Sequence[Trace]]


class AgentRung:
    """Rows `agent/n=16`, `agent/n=64`, each with its controls, and `agent/random moves`.

    n: most practice games; rounds: how often each is played; layer: of the states, counted as transformers does.
    Raises BadSpec.
    """

    name = "agent"
    needs: frozenset[Ability] = frozenset((Ability.HIDDEN, Ability.DOCUMENT))
    critics: frozenset[CriticRole] = frozenset()
    trained = True

    def __init__(self, n: int = 64, rounds: int = 60, layer: int = -1) -> None:
        if n < CURVE[0] or rounds < 2:
            raise BadSpec(f"agent: n is at least {CURVE[0]} practice games and rounds 2, not {n} and {rounds}")
        self.n, self.rounds, self.layer = n, rounds, layer

    def plan(self, room: Room) -> Plan:
        """Return nothing to ask beforehand, or why there is nothing to play."""
        why = self._why_not(room)
        return Plan() if why is None else Plan(absent=(Absent(self.name, why),))

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each number of practice games and each control, after they were played."""
        if self._why_not(room) is not None:
            return ()
        assert room.run is not None
        games = [_game(room, item) for item in self._practice(room)]
        exam = [_game(room, item) for item in room.items]
        chance = play(exam, lambda _: [], None, _rng(room, "random"))
        lines = [_line(f"{self.name}/random moves", room.items, chance)]
        own = _Reader(room, room.run, self.layer)
        twin = None if room.twin is None else _Reader(room, room.twin, self.layer)
        for n in [*(n for n in CURVE if n < len(games)), len(games)]:
            agents: list[tuple[str, Features, bool]] = [("", own, False), (",random labels", own, True)]
            agents += [] if twin is None else [(",random weights", twin, False)]
            for control, features, shuffled in agents:
                lines.append(self._row(room, f"{self.name}/n={n}{control}", games[:n], exam, features, shuffled))
        return lines

    def _row(
        self, room: Room, name: str, games: Sequence[Any], exam: Sequence[Any], features: Features, shuffled: bool
    ) -> Line:
        try:
            policy, _ = learn(games, features, _rng(room, name), rounds=self.rounds, shuffled=shuffled)
            return _line(name, room.items, play(exam, features, policy, None))
        except ModelError as error:  # a state that could not be read: the row says so
            said = tuple(Said(item, item.inputs.get("goal", ""), (), missing=str(error)) for item in room.items)
            return Line(name, said, None, never=NEVER)

    def _practice(self, room: Room) -> Sequence[Item]:
        return room.world.items(Split.PRACTICE, self.n, room.seed)

    def _why_not(self, room: Room) -> str | None:
        if not hasattr(room.world, "game"):
            return f"{room.world.spec} is not played step by step; quest is"
        if room.run is None:
            return "nothing more can be asked here"
        found = len(self._practice(room))
        return None if found >= CURVE[0] else f"an agent needs {CURVE[0]} practice games; there are {found}"


class _Reader:
    """Features of moves: the model's state behind the situation and the move. What was read is remembered."""

    def __init__(self, room: Room, run: Run, layer: int) -> None:
        self._room, self._run, self._layer = room, run, layer
        self._known: dict[str, Floats] = {}

    def __call__(self, choices: Sequence[Choice]) -> Sequence[Floats]:
        """Return features[moves, d] of each situation. Raises ModelError where one cannot be read."""
        texts = [[told(choice, move) for move in choice.moves] for choice in choices]
        new = [text for text in dict.fromkeys(text for each in texts for text in each) if text not in self._known]
        jobs = [self._job(text) for text in new]
        for text, trace in zip(new, self._run(jobs) if jobs else (), strict=True):
            if trace.best is None:
                why = "; ".join(dict.fromkeys(trace.errors)) or f"it was {trace.stopped}"
                raise ModelError(f"the state behind a move could not be read: {why}")
            self._known[text] = np.asarray(trace.best.value, dtype=float)
        return [np.stack([self._known[text] for text in each]) for each in texts]

    def _job(self, text: str) -> Job:
        item = Item(text, {"text": text}, None, f"situation {text}")
        task = Task(item, Prompt(text=text), Sampling(1), self._room.adapter)
        return Job(Reading(self._layer), task, Noise((self._room.seed, "agent")))


def told(choice: Choice, move: str) -> str:
    """Return the text whose end the state is read at.

    >>> print(told(Choice("Bring the lamp to the attic.", "You see the lamp.", ("take the lamp",)), "take the lamp"))
    Your task: Bring the lamp to the attic.
    You see the lamp.
    Your next move: take the lamp
    """
    return f"Your task: {choice.goal}\n{choice.seen}\nYour next move: {move}"


def _game(room: Room, item: Item) -> Any:
    return room.world.game(item)  # type: ignore[attr-defined]  # `_why_not` asked for it


def _rng(room: Room, name: str) -> np.random.Generator:
    return np.random.default_rng(Noise((room.seed, "agent", room.world.spec, name)).key())


def _line(name: str, items: Sequence[Item], episodes: Sequence[Episode]) -> Line:
    """Return the row of what was played: an answer is the moves that were made."""
    said = tuple(
        Said(item, item.inputs.get("goal", ""), ("; ".join(each.moves),))
        for item, each in zip(items, episodes, strict=True)
    )
    return Line(name, said, None, never=NEVER)

"""Automaton: a small machine is written down; run it on a word.

Shows how far a state can be followed. Every step is one look-up in rules that stand in the prompt, so nothing has to
be known, and the only difficulty is to go on: with `shown` the state is written out after every letter, without it the
machine has to be run in the head. Answers written out tell the error of one step, the chance to come back after one,
and the length at which runs break (`exam.horizon`).

The leak key is the machine: all runs of one machine are in one split. Machines are random: where a letter leads from a
state is drawn from all states alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import flag, whole
from nightschool.worlds.so_far import SoFar
from nightschool.worlds.truth import Informed

_STATES, _LETTERS = "ABCDEFGH", "0123"
_RULE = re.compile(r"(\w) (\w) -> (\w)")
_BETWEEN = re.compile(r"[\s,;]+|->")


class Automaton(Drawn):
    """A world of random machines of `states` states that read `steps` letters out of `letters`.

    shown: whether the state after every letter is to be written out, or the last state alone. Raises BadSpec.
    """

    def __init__(self, states: int = 4, letters: int = 2, steps: int = 6, shown: bool = True) -> None:
        whole("automaton", states=(states, 2, len(_STATES)), letters=(letters, 1, len(_LETTERS)), steps=(steps, 1, 64))
        flag("automaton", shown=shown)
        self.states, self.letters, self.steps, self.shown = states, letters, steps, shown
        self.spec = f"automaton:states={states},letters={letters},steps={steps}" + ("" if shown else ",shown=false")
        self.wordings: Sequence[Wording] = built_in("automaton-steps" if shown else "automaton")
        self.reference: Critic = Run(shown)
        self.verifier: Critic | None = self.reference  # the rules determine the run
        self.step_critic: Critic | None = SoFar("automaton-so-far", lambda item: wanted(item, shown), read_states)
        self.expert: Expert | None = Informed(", " if shown else None)
        self.max_answer_tokens = 3 * (steps if shown else 1) + 8

    def levels(self) -> Sequence[Automaton]:
        """Return one letter, two, four and so on, with as many states, ending with this world.

        >>> [level.steps for level in Automaton(steps=6).levels()]
        [1, 2, 4, 6]
        """
        lengths = [2**power for power in range(self.steps.bit_length()) if 2**power < self.steps]
        return (*(Automaton(self.states, self.letters, n, self.shown) for n in lengths), self)

    def beyond(self) -> Mapping[str, Automaton]:
        """Return where the same skill is asked for past this world: longer words, more states, more letters."""
        found = {"longer": Automaton(self.states, self.letters, min(2 * self.steps, 64), self.shown)}
        if self.states < len(_STATES):
            wider = min(self.states + 2, len(_STATES))
            found["wider range"] = Automaton(wider, self.letters, self.steps, self.shown)
        if self.letters < len(_LETTERS):
            found["other symbols"] = Automaton(self.states, self.letters + 1, self.steps, self.shown)
        return {name: world for name, world in found.items() if world.spec != self.spec}

    def babble(self, item: Item, noise: Noise) -> str:
        """Return random states, as many as are wanted."""
        dice = Dice(noise)
        return ", ".join(dice.pick(_STATES[: self.states]) for _ in range(self.steps if self.shown else 1))

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each state that `answer` writes out whether it is the true one there (for `exam.horizon`)."""
        return tuple(a == b for a, b in zip(run(item), read_states(answer) or (), strict=False))

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        states = run(item)
        return {
            "repeats the letters": item.inputs["word"],
            "goes nowhere": ", ".join([item.inputs["start"]] * (self.steps if self.shown else 1)),
            "writes the last state alone" if self.shown else "writes every state": (
                states[-1] if self.shown else ", ".join(states)
            ),
        }

    def _draw(self, dice: Dice) -> Item | None:
        states, letters = _STATES[: self.states], _LETTERS[: self.letters]
        rules = "; ".join(f"{state} {letter} -> {dice.pick(states)}" for state in states for letter in letters)
        start, word = dice.pick(states), " ".join(dice.pick(letters) for _ in range(self.steps))
        name = f"{rules} | {start} | {word}"
        blank = Item(name, {"rules": rules, "start": start, "word": word}, None, f"automaton {rules}")
        return replace(blank, target=", ".join(wanted(blank, self.shown)))


def run(item: Item) -> tuple[str, ...]:
    """Return the state after each letter of the item's word. Raises ValueError for a letter without a rule."""
    rules = {(a, b): c for a, b, c in _RULE.findall(item.inputs["rules"])}
    state, visited = item.inputs["start"], []
    for letter in item.inputs["word"].split():
        if (state, letter) not in rules:
            raise ValueError(f"no rule says where {letter} leads from {state}: {item.inputs['rules']!r}")
        state = rules[state, letter]
        visited.append(state)
    return tuple(visited)


def wanted(item: Item, shown: bool) -> tuple[str, ...]:
    """Return the states of the right answer: all of the run, or the last alone."""
    return run(item) if shown else run(item)[-1:]


def read_states(answer: str) -> tuple[str, ...] | None:
    """Return the states of an answer that is a list of them and nothing else, and None for anything else.

    >>> read_states("B, C -> A"), read_states("It is B")
    (('B', 'C', 'A'), None)
    """
    names = [part for part in _BETWEEN.split(answer.strip().removesuffix(".")) if part]
    return tuple(names) if names and all(len(name) == 1 and name in _STATES for name in names) else None


class Run:
    """The verifier of automata: runs the machine. score: the share of states that are right before the first wrong."""

    name = "automaton-run"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict, with the place of the first wrong state as feedback."""
        right, given = wanted(item, self.shown), read_states(answer)
        if given is None:
            return Verdict.of(False, "Write states alone, separated by commas.")
        wrong = next((i for i, pair in enumerate(zip(right, given, strict=False)) if pair[0] != pair[1]), None)
        if wrong is not None:
            place = f"after {wrong + 1} letters" if self.shown else "at the end"
            return Verdict(wrong / len(right), False, f"The state {place} is wrong.")
        if len(given) != len(right):
            return Verdict(0.5 * min(len(given), len(right)) / len(right), False, f"Write {len(right)} states.")
        return Verdict.of(True)

"""Propositions of worlds with exact truth: what is true of an item, what is not, and the logic between both.

The links are those that everybody knows: one result, one place, one state at a time; who is dead is not alive; sums do
not mind their order; a rule that is written down holds. None of them says which proposition is true.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from nightschool.errors import UsageError
from nightschool.items import Item
from nightschool.society.beliefs.links import Link
from nightschool.society.beliefs.propositions import Proposition
from nightschool.worlds.automaton import run
from nightschool.worlds.calculation import steps_of
from nightschool.worlds.story import PLACES, read_story


@dataclass(frozen=True, slots=True)
class Known:
    """Propositions about one item, the links between them, and which are true, in their order."""

    propositions: tuple[Proposition, ...]
    links: tuple[Link, ...]
    truths: tuple[bool, ...]


def of_sum(item: Item) -> Known:
    """Return what may be believed of a sum of two numbers: five results, either way round, and even or odd.

    Raises UsageError for another calculation.
    """
    steps = steps_of(item.inputs["expression"])
    if len(steps) != 1 or steps[0].sign != "+":
        raise UsageError(f"not a sum of two numbers: {item.inputs['expression']!r}")
    a, b, right = steps[0].left, steps[0].right, steps[0].result
    shift = (a * 7 + b * 3) % 5  # where the truth stands among the results tells nothing
    results = sorted({max(0, right - shift) + k for k in range(5)} | {right})[:5]
    props, truths, links = [], [], []
    for first, second in dict.fromkeys(((a, b), (b, a))):
        for result in results:
            name = f"{first} + {second} = {result}"
            props.append(Proposition(name, name, "", f"What is {first} + {second}?", str(result)))
            truths.append(result == right)
        links.append(Link("one", tuple(f"{first} + {second} = {result}" for result in results)))
    if a != b:
        links += [Link("same", (f"{a} + {b} = {result}", f"{b} + {a} = {result}")) for result in results]
    for parity in (0, 1):
        kind = ("even", "odd")[parity]
        asked = f"Is {a} + {b} even or odd?"
        props.append(Proposition(kind, f"{a} + {b} is an {kind} number.", "", asked, kind))
        truths.append(right % 2 == parity)
        links += [Link("implies", (f"{a} + {b} = {result}", kind)) for result in results if result % 2 == parity]
    links.append(Link("one", ("even", "odd")))
    return Known(tuple(props), tuple(links), tuple(truths))


def of_story(item: Item) -> Known:
    """Return what may be believed at the end of a story: who is where, where things are, who is alive, who has what."""
    story = item.inputs["story"]
    state = read_story(story)
    props, truths, links = [], [], []
    people = dict(state.people)
    for name in people:
        for place in PLACES:
            props.append(_at(story, name, name, place))
            truths.append(people[name] == place)
        links.append(Link("one", tuple(f"{name} in {place}" for place in PLACES)))
        for kind in ("alive", "dead"):
            asked = f"Is {name} alive or dead?"
            props.append(Proposition(f"{name} {kind}", f"{name} is {kind}.", story, asked, kind))
            truths.append((name in state.dead) == (kind == "dead"))
        links.append(Link("one", (f"{name} alive", f"{name} dead")))
    for thing in [*state.held, *state.lying]:
        for place in PLACES:
            props.append(_at(story, thing, f"the {thing}", place))
            truths.append(state.place_of(thing) == place)
        links.append(Link("one", tuple(f"{thing} in {place}" for place in PLACES)))
        for name in people:
            has = f"{name} has {thing}"
            props.append(Proposition(has, f"{name} holds the {thing}.", story))
            truths.append(state.held.get(thing) == name)
            links.append(Link("excludes", (has, f"{name} dead")))
            for place in PLACES:
                links.append(Link("implies", (has, f"{name} in {place}", f"{thing} in {place}")))
        links.append(Link("excludes", tuple(f"{name} has {thing}" for name in people)))
    return Known(tuple(props), tuple(links), tuple(truths))


def of_automaton(item: Item) -> Known:
    """Return what may be believed of a run: the state after each letter, one at a time, as the written rules go on.

    The start is not among the links: how it goes is told by the rules, where it is by what the model has read.
    """
    rules = item.inputs["rules"]
    letters = item.inputs["word"].split()
    table = {tuple(left.split()): to.strip() for left, _, to in (rule.partition("->") for rule in rules.split(";"))}
    states = sorted({state for state, _ in table})
    visited = (item.inputs["start"], *run(item))
    about = f"Rules: {rules}\nStart: {item.inputs['start']}\nLetters: {item.inputs['word']}"
    props, truths, links = [], [], []
    for k, right in enumerate(visited):
        when = "at the start" if k == 0 else f"after {k} letter{'s' if k > 1 else ''}"
        for state in states:
            asked = f"What is the state {when}?"
            props.append(Proposition(f"{state}{k}", f"The state {when} is {state}.", about, asked, state))
            truths.append(state == right)
        links.append(Link("one", tuple(f"{state}{k}" for state in states)))
    for k, (state, letter) in itertools.product(range(len(letters)), table):
        if letters[k] == letter:
            links.append(Link("implies", (f"{state}{k}", f"{table[state, letter]}{k + 1}"), by="rule"))
    return Known(tuple(props), tuple(links), tuple(truths))


def _at(story: str, name: str, said: str, place: str) -> Proposition:
    claim = f"{said[0].upper()}{said[1:]} is in the {place}."
    return Proposition(f"{name} in {place}", claim, story, f"Where is {said}?", place)

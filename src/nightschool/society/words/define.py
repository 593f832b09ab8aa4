"""From a definition to a concept: claims on ports and on other concepts, and what in it cannot be.

A known word is a member of the society or a value of one of its ports. What its parts imply, through all that is known
of them, is held against each other: two confident claims that overlap little are a contradiction, and both words are
named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from nightschool.errors import UsageError
from nightschool.society.claims.claims import Claim, Concept, active, agreement
from nightschool.society.claims.society import Conflict, Society
from nightschool.society.language import Asking, leanings
from nightschool.society.port import Port
from nightschool.society.words.beginning import WORDS, beginning
from nightschool.society.words.definitions import Definition, Part, read_definition

_NONE = " none of these"


@dataclass(frozen=True, slots=True)
class Defined:
    """A concept out of a definition. conflicts: pairs of its words that contradict each other, worst first; model: what
    is to be said about a model that was asked, or nothing."""

    concept: Concept
    definition: Definition
    conflicts: tuple[Conflict, ...]
    model: str = ""


def define(society: Society, text: str, asking: Asking | None = None) -> Defined:
    """Return the concept that `text` defines in words that `society` knows.

    asking: a model that is asked about words that patterns do not know, where it proves strong enough. A contradiction
    is reported and not refused: what is told of a thing may be wrong, or what was known. Raises UsageError where it
    defines nothing, in no known word, something that is known already, or itself by way of others.
    """
    definition, said = read_definition(text, vocabulary(society)), ""
    if definition.name in WORDS:
        raise UsageError(f"{definition.name!r} is a word that is known from the beginning; choose another name")
    if definition.name in society.members:
        raise UsageError(f"there is a concept called {definition.name!r} already; choose another name, or remove it")
    if asking is not None and definition.unread:
        definition, said = _asked(society, definition, asking)
    if not definition.parts:
        raise UsageError(f"{text.strip()!r} says nothing in known words; known are: {', '.join(vocabulary(society))}")
    concept = concept_of(society.ports, definition, society.members)
    joined = society.joined(concept)
    _refuse_circle(joined, concept.name)
    return Defined(concept, definition, tuple(_conflicts(joined, definition, concept)), said)


def vocabulary(society: Society) -> list[str]:
    """Return the words that definitions may use: members, and values of ports."""
    levels = {level for port in society.ports.values() for level in port.levels}
    return sorted(levels | society.members.keys())


def concept_of(ports: Mapping[str, Port], definition: Definition, members: Iterable[str]) -> Concept:
    """Return the concept with one claim for each part: on the member of that name, else on the port with that value.

    Raises UsageError for a part that is neither.
    """
    known = set(members)
    return Concept(
        definition.name, tuple(_claim(definition.name, part, ports, known) for part in definition.parts), prior=0.05
    )


def _claim(name: str, part: Part, ports: Mapping[str, Port], members: set[str]) -> Claim:
    if part.known in members:
        yes = part.sure if part.true else 1 - part.sure
        return Claim(name, active(part.known), torch.tensor([1 - yes, yes], dtype=torch.float64), 1.0)
    for port in ports.values():
        if part.known in port.levels:
            value = port.levels.index(part.known)
            values = {value} if part.true else set(range(port.size)) - {value}
            return Claim(name, port.name, _one_hot(port, values), part.sure)
    raise UsageError(f"{part.known!r}, a part of {name!r}, is not known; define it first")


def _one_hot(port: Port, values: set[int]) -> torch.Tensor:
    belief = torch.zeros(port.size, dtype=torch.float64)
    belief[sorted(values)] = 1 / len(values)
    return belief


def _conflicts(society: Society, definition: Definition, concept: Concept, below: float = -1.0) -> list[Conflict]:
    """Return the pairs of parts that are less likely together than apart, by all that follows from each."""
    implied = [_implied(society, part, claim) for part, claim in zip(definition.parts, concept.claims, strict=True)]
    found = []
    for (i, ones), (j, others) in itertools.combinations(enumerate(implied), 2):
        clashes = [(agreement(a, b), a.port) for a in ones for b in others if a.port == b.port]
        nats, port = min(clashes, default=(0.0, ""))
        if nats < below:
            found.append(Conflict(_said(definition.parts[i]), _said(definition.parts[j]), port, nats))
    return sorted(found, key=lambda conflict: conflict.nats)


def _implied(society: Society, part: Part, claim: Claim) -> list[Claim]:
    """Return what follows from one part: its own claim, and what the member that it affirms implies."""
    if part.known not in society.members or not part.true:
        return [claim]
    through = society.implied(part.known, {})
    trust = float(claim.belief[1])
    return [claim, *(replace(one, confidence=one.confidence * trust) for one in through), *_followers(society, part)]


def _followers(society: Society, part: Part) -> list[Claim]:
    """Return the claims on other members' activity that follow from a part, so that `a zorp that is no jar` shows."""
    found, waiting, seen = [], [(part.known, part.sure)], {part.known}
    while waiting:
        name, trust = waiting.pop()
        for claim in society.members[name].consult({}):
            if claim.port.startswith("active("):
                found.append(replace(claim, confidence=claim.confidence * trust))
                other = claim.port[len("active(") : -1]
                if other in society.members and other not in seen and float(claim.belief[1]) > 0.5:
                    seen.add(other)
                    waiting.append((other, trust * float(claim.belief[1])))
    return found


def _refuse_circle(society: Society, name: str) -> None:
    path, waiting = {name: name}, [name]
    while waiting:
        here = waiting.pop()
        for claim in society.members[here].consult({}):
            other = claim.port[len("active(") : -1] if claim.port.startswith("active(") else ""
            if other == name:
                raise UsageError(f"{name!r} is defined by itself: {path[here]} -> {name}; define it in other words")
            if other in society.members and other not in path:
                path[other] = f"{path[here]} -> {other}"
                waiting.append(other)


def _said(part: Part) -> str:
    return part.word if part.true else f"not {part.word}"


def _asked(society: Society, definition: Definition, asking: Asking, at: float = 0.8) -> tuple[Definition, str]:
    """Return the definition with what a model takes unknown words to mean, and what is to be said about the model.

    It is believed only where it finds the partner of a word that it is given: known words, each in its own company.
    """
    words = sorted(society.members)
    answers = (*(f" {word}" for word in words), _NONE)
    tried = words[:: max(1, len(words) // 12)]
    right = [answers[int(row.argmax())].strip() for row in leanings(asking, [_means(w, "") for w in tried], answers)]
    share = sum(a == b for a, b in zip(right, tried, strict=True)) / len(tried)
    if share < at:
        return definition, f"the model finds {share:.0%} of known words again, too few to be asked about unknown ones"
    rows = leanings(asking, [_means(word, definition.text) for word in definition.unread], answers).exp()
    parts, unread = list(definition.parts), []
    for word, row in zip(definition.unread, rows, strict=True):
        best = int(row.argmax())
        if float(row[best]) >= at and answers[best] != _NONE:
            true = word not in definition.denied
            parts.append(Part(word, words[best], true, min(0.97, float(row[best])), "model"))
        else:
            unread.append(word)
    return replace(definition, parts=tuple(parts), unread=tuple(unread)), f"the model was asked about {len(rows)} words"


def _means(word: str, text: str) -> str:
    return f'{text}\nThe word "{word}" means about the same as the word'.lstrip()


def society_of(definitions: Sequence[Definition]) -> Society:
    """Return the beginning with all these definitions in it, in any order.

    Raises UsageError for one with a part that is not known, such as a word that was removed.
    """
    society = beginning()
    members = society.members.keys() | {one.name for one in definitions}
    return society.joined(*(concept_of(society.ports, one, members) for one in definitions))

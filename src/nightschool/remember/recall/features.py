"""What speaks for each candidate, as numbers that a ranker weighs.

How well the turns around it fit counts as much as how well it does itself: an answer seldom repeats its question.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightschool.remember.memory import Memory
from nightschool.remember.recall.cue import Cue
from nightschool.remember.store.port import Neighbour

REACH = 2
"""turns on either side whose fit is looked at"""
_NUMBER = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twice|once|several|few)\b", re.I
)  # fmt: skip
_TIME = re.compile(
    r"\b(yesterday|today|tomorrow|tonight|last|next|ago|weeks?|weekend|months?|years?|days?|january|february|march|"
    r"april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|"
    r"sunday|morning|evening|since|recently|just|(?:19|20)\d\d)\b",
    re.I,
)
_SELF = re.compile(r"\b(I|my|we|our|I've|I'm)\b")
_AROUND = [step for step in range(-REACH, REACH + 1) if step]

NAMES: tuple[str, ...] = (
    "words", "meaning",
    *(f"words{step:+d}" for step in _AROUND), *(f"meaning{step:+d}" for step in _AROUND),
    "session words", "session meaning",
    "speaker", "length", "asks", "of oneself", "says when", "says how many", "after a question", "answers",
    "tag", "time", "linked", "second cue",
)  # fmt: skip
"""the features in the order of a ranker's weights"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was found out about the candidates, by id; what is missing is zero.

    words: BM25; meaning: cosine; tag, time, linked, second: in [0, 1]; around: who stands at (session, turn).
    """

    words: Mapping[str, float] = field(default_factory=dict)
    meaning: Mapping[str, float] = field(default_factory=dict)
    tag: Mapping[str, float] = field(default_factory=dict)
    time: Mapping[str, float] = field(default_factory=dict)
    linked: Mapping[str, float] = field(default_factory=dict)
    second: Mapping[str, float] = field(default_factory=dict)
    around: Mapping[tuple[str, int], Neighbour] = field(default_factory=dict)


def features(cue: Cue, candidates: Sequence[Memory], evidence: Evidence) -> NDArray[np.float32]:
    """Return what speaks for each candidate [candidates, NAMES]. Each is of the order of 1."""
    # BM25 grows with the store and with the cue: the best of them is 1
    most = max(evidence.words.values(), default=0.0) or 1.0
    words = {id: score / most for id, score in evidence.words.items()}
    sessions = _sessions(candidates, words, evidence.meaning)
    named = _named(cue, candidates)
    rows = [_row(cue, memory, words, evidence, sessions[memory.session], named) for memory in candidates]
    return np.array(rows, np.float32).reshape(len(rows), len(NAMES))


def _row(
    cue: Cue,
    memory: Memory,
    words: Mapping[str, float],
    evidence: Evidence,
    session: tuple[float, float],
    named: frozenset[str],
) -> list[float]:
    id, text, meaning = memory.id, memory.content, evidence.meaning
    beside = [evidence.around.get((memory.session, memory.turn + step)) if memory.session else None for step in _AROUND]
    before = beside[REACH - 1]
    asked = before is not None and before.asks
    return [
        words.get(id, 0.0),
        3 * meaning.get(id, 0.0),
        *(words.get(other.id, 0.0) if other else 0.0 for other in beside),
        *(3 * meaning.get(other.id, 0.0) if other else 0.0 for other in beside),
        session[0],
        3 * session[1],
        (float(memory.who in named) - float(bool(named))) if memory.who else 0.0,
        math.log1p(len(text.split())) / 3,
        float("?" in text),
        float(bool(_SELF.search(text))),
        float(cue.when and bool(_TIME.search(text))),
        float(cue.count and bool(_NUMBER.search(text))),
        float(asked),
        3 * meaning.get(before.id, 0.0) if before and asked else 0.0,
        evidence.tag.get(id, 0.0),
        evidence.time.get(id, 0.0),
        evidence.linked.get(id, 0.0),
        evidence.second.get(id, 0.0),
    ]


def _sessions(
    candidates: Sequence[Memory], words: Mapping[str, float], meaning: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return how well the best three of each conversation fit: what is talked about there."""
    members: dict[str, list[str]] = {}
    for memory in candidates:
        members.setdefault(memory.session, []).append(memory.id)
    return {
        session: (_best(words, ids), _best(meaning, ids)) if session else (0.0, 0.0) for session, ids in members.items()
    }


def _best(scores: Mapping[str, float], ids: Sequence[str]) -> float:
    return sum(sorted((scores.get(id, 0.0) for id in ids), reverse=True)[:3]) / 3


def _named(cue: Cue, candidates: Sequence[Memory]) -> frozenset[str]:
    """Return the speakers whom the cue names."""
    return frozenset(m.who for m in candidates if m.who and set(m.who.lower().split()) & set(cue.words))

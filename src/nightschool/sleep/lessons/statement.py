"""A plain statement taken apart: who or what it is about, and what it says of them. Everything else stays whole."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_NAME = r"[A-Z][\w’'-]*(?: (?:[A-Z][\w’'-]*|of|de|van|von|the)){0,4}?"
_LEAD = re.compile(r"^(?:actually|now|note that|remember that|update|fyi)[:,]?\s+", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'A-Z0-9])|\n+")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr)\.$")


@dataclass(frozen=True, slots=True)
class Relation:
    """What is said to oneself about statements of one form (see `data/study.toml`)."""

    name: str
    pattern: re.Pattern[str]
    questions: tuple[str, ...]
    reversals: tuple[str, ...]
    completions: tuple[str, ...]
    backwards: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence. relation: None where it was not taken apart; parts: `s`, `o` and, where there is one, `r`."""

    text: str
    relation: Relation | None = None
    parts: tuple[tuple[str, str], ...] = ()

    def fill(self, template: str) -> str:
        """Return `template` with the parts of this statement in it, beginning with a capital."""
        text = template.format(**dict(self.parts))
        return text[:1].upper() + text[1:]

    @property
    def subject(self) -> str:
        """Return who or what it is about; empty where that is not known."""
        return dict(self.parts).get("s", "")

    @property
    def object(self) -> str:
        """Return what is said; empty where that is not known."""
        return dict(self.parts).get("o", "")


@cache
def relations() -> tuple[Relation, ...]:
    """Return the forms of statement that are known, the most telling ones first."""
    data = tomllib.loads(files("nightschool.sleep").joinpath("data/study.toml").read_text(encoding="utf-8"))
    lists = ("questions", "reversals", "completions", "backwards", "checks")
    return tuple(
        Relation(
            row["name"], re.compile(row["pattern"].replace("{NAME}", _NAME)), *(tuple(row[name]) for name in lists)
        )
        for row in data["relation"]
    )


def statements(text: str) -> list[Statement]:
    """Return the sentences of `text` that state something; questions and interjections are left out.

    >>> [(s.subject, s.object) for s in statements("Ann lives in Oslo now. Is it cold? Ann's boss is Eve.")]
    [('Ann', 'Oslo'), ('Ann', 'Eve')]
    """
    found = []
    for sentence in _sentences(text):
        if not sentence.endswith("?") and len(sentence.split()) > 1:
            found.append(read(sentence))
    return found


def read(sentence: str) -> Statement:
    """Return `sentence` taken apart by the first relation whose pattern fits all of it."""
    bare = _LEAD.sub("", sentence.strip()).rstrip(".! ")
    bare = bare[:1].upper() + bare[1:]
    for relation in relations():
        if match := relation.pattern.fullmatch(bare):
            parts = tuple((name, value.strip()) for name, value in match.groupdict().items() if value)
            return Statement(sentence.strip(), relation, parts)
    return Statement(sentence.strip())


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for piece in _SENTENCE.split(text.strip()):
        if found and _TITLE.search(found[-1]):
            found[-1] += f" {piece}"
        elif piece.strip():
            found.append(piece.strip())
    return found

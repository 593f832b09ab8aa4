"""Reading a definition: which known words it affirms and which it denies, and which it does not know.

    A zorp is a small purple jar that hums. It never dances.

By patterns: the first sentence names the word and says what it is; not, never, no and without deny up to the end of
their clause; usually makes less sure. What is read is only that known words are true or false of the thing: quantities,
relations and alternatives are reported as unread, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nightschool.errors import UsageError

SURE, USUALLY = 0.97, 0.8

_DEFINES = re.compile(
    r"(?:an?\s+|the\s+)?(?P<name>[^\W\d_][\w'-]*)\s+(?P<is>is|are|means|=)\s+(?P<rest>.+)", re.IGNORECASE | re.DOTALL
)
_DENIES = {"not", "never", "no", "without", "neither", "nor", "cannot"}
_HEDGES = {"usually", "often", "mostly", "normally"}
_MAYBE = {"sometimes", "may", "might", "can", "could", "perhaps", "rarely", "or"}
_ENDS = {"but", "that", "which", "who", "and", "with"}
_VERBAL = {"that", "which", "who", "it", "they", "never", "always", "not"}
_SILENT = {
    *_ENDS, "a", "an", "the", "is", "are", "be", "it", "they", "of", "made", "has", "have", "does", "do", "always",
    "kind", "sort", "type", "very", "its", "their", "as", "out", "thing", "things", "something", "what", "whose",
    "were", "was",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What a definition says with one word.

    known: the word it is linked to; true: affirmed or denied; sure: in (0.5, 1); by: `patterns`, or the `model` that
    took `word` to mean `known`.
    """

    word: str
    known: str
    true: bool
    sure: float = SURE
    by: str = "patterns"


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as read.

    parts: what it says in known words; unread: words that nobody knew, or that promise nothing; denied: those of them
    that stood in a denial.
    """

    name: str
    text: str
    parts: tuple[Part, ...]
    unread: tuple[str, ...] = ()
    denied: frozenset[str] = frozenset()


def read_definition(text: str, known: Iterable[str]) -> Definition:
    """Return what `text` says about the word that it defines, in `known` words.

    Raises UsageError where its first sentence defines nothing.
    """
    sentences = [one.strip() for one in re.split(r"(?<=[.!])\s+|\n", " ".join(text.split())) if one.strip()]
    match = _DEFINES.fullmatch(sentences[0].rstrip(".!")) if sentences else None
    if match is None:
        raise UsageError(f"no definition in {text!r}; write: A zorp is a small purple jar that hums.")
    name = match["name"].casefold()
    if match["is"].casefold() == "are":
        name = name.removesuffix("s")
    links = _Links(known, name)
    for sentence in (match["rest"], *sentences[1:]):
        links.read(sentence.rstrip(".!"))
    return Definition(name, text.strip(), tuple(links.parts), tuple(links.unread), frozenset(links.denied))


class _Links:
    """Goes through a definition word by word."""

    def __init__(self, known: Iterable[str], name: str) -> None:
        self.by_form: dict[str, list[str]] = {}
        self.known = set(known)
        for word in sorted(self.known):
            for form in forms(word):
                self.by_form.setdefault(form, []).append(word)
        self.own = forms(name)
        self.parts: list[Part] = []
        self.unread: list[str] = []
        self.denied: set[str] = set()

    def read(self, sentence: str) -> None:
        """Take the words of one sentence in."""
        for clause in re.split(r"[,;:]", sentence):
            words = [word.replace("n't", " not") for word in re.findall(r"[\w'-]+", clause.casefold())]
            words = [word for joined in words for word in joined.split()]
            true, sure, maybe, before = True, SURE, bool(_MAYBE & set(words)) and not _DENIES & set(words), ""
            for word in words:
                if word in _ENDS:
                    true, sure = True, SURE
                elif word in _DENIES:
                    true = False
                elif word in _HEDGES:
                    sure = USUALLY
                elif word not in _SILENT and word not in _MAYBE and not forms(word) & self.own:
                    self._word(word, true, sure, maybe, before in _VERBAL)
                before = word

    def _word(self, word: str, true: bool, sure: float, maybe: bool, verbal: bool) -> None:
        found = None if maybe else self._match(word, verbal)
        if found is not None:
            self.parts.append(Part(word, found, true, sure))
        elif word not in self.unread:
            self.unread.append(word)
            if not true:
                self.denied.add(word)

    def _match(self, word: str, verbal: bool) -> str | None:
        """Return the known word: spelled the same, else sharing a form; where a verb stands, its -ing form."""
        if word in self.known:
            return word
        near = [known for form in sorted(forms(word)) for known in self.by_form.get(form, [])]
        return min(near, key=lambda one: (one[3:].endswith("ing") is not verbal, len(one), one), default=None)


def forms(word: str) -> set[str]:
    """Return the word and what is left of it without an ending of English plurals and verbs.

    >>> sorted(forms("humming") & forms("hums"))
    ['hum']
    """
    found = {word}
    for ending in ("s", "es", "ed", "d", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3:
            found |= {stem, stem + "e"} if ending == "ing" else {stem}
            if len(stem) >= 4 and stem[-1] == stem[-2]:
                found.add(stem[:-1])
    return found

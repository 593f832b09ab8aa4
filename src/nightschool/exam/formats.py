"""Many formats of one question that mean the same: what nobody chooses on purpose, and what should not matter.

Each format is a wording of the world's in words, changed in a few ways at once: the case of the instruction, whether it
stands in the system turn or before the question, a label before the question, how it is set off, and a cue behind it.
The item itself, and what is put into the model's mouth, stay as they are. Ref: sclar2023.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from nightschool.errors import UsageError
from nightschool.items import Noise, Wording
from nightschool.worlds.dice import Dice

_FIELD = re.compile(r"(\{\w+\})")
_CASES: dict[str, Callable[[str], str]] = {
    "as is": lambda text: text,
    "lower": lambda text: _outside(text, str.lower),
    "upper": lambda text: _outside(text, str.upper),
}
_PLACES = ("system", "before", "behind")
_LABELS = ("", "Question: ", "Task: ", "Input:\n", "### Question\n", "Q: ")
_CUES = ("", "\n\nAnswer:", "\nYour answer:", "\n### Answer", " ")
_BREAKS = ("as is", "one line", "double")


def formats(wordings: Sequence[Wording], count: int, seed: int = 0) -> tuple[Wording, ...]:
    """Return `count` wordings, no two alike, that mean what `wordings` mean; these themselves are the first.

    Only wordings in words take part. The choice among the many is drawn from `seed`, evenly over the wordings.
    Raises UsageError where there are fewer.
    """
    plain = [wording for wording in wordings if wording.style == "words"]
    queues = [_shuffled(wording, seed) for wording in plain]
    found = {_content(wording): wording for wording in plain[:count]}
    while len(found) < count and queues:
        for queue in list(queues):
            changed = next(queue, None)
            if changed is None:
                queues.remove(queue)
            elif len(found) < count:
                found.setdefault(_content(changed), changed)
    if len(found) < count:
        raise UsageError(f"{len(plain)} wordings have {len(found)} formats, and not {count}; ask for fewer")
    return tuple(found.values())


def _shuffled(wording: Wording, seed: int) -> Iterator[Wording]:
    """Yield the formats of one wording in random order."""
    choices = list(product(_CASES, _PLACES, _LABELS, _CUES, _BREAKS))
    for number, (case, place, label, cue, lines) in enumerate(
        Dice(Noise((seed, "formats", wording.id))).shuffled(choices)
    ):
        yield _formatted(f"{wording.name}~{number + 1}", wording, case, place, label, cue, lines)


def _formatted(name: str, wording: Wording, case: str, place: str, label: str, cue: str, lines: str) -> Wording:
    change = _CASES[case]
    system = change(wording.system)
    if wording.document:
        document = _broken(change(wording.document), lines)
        head = f"{label.rstrip()}\n{system}" if label and system else system
        return replace(wording, name=name, system=head, document=document, separator=_separator(wording, lines))
    # A prefill already opens the answer: a cue before it would open it twice.
    user = label + _broken(change(wording.user), lines) + ("" if wording.prefill else cue.rstrip(" "))
    if system and place != "system":
        user = f"{system}\n\n{user}" if place == "before" else f"{user}\n\n{system}"
        system = ""
    return replace(wording, name=name, system=system, user=user)


def _separator(wording: Wording, lines: str) -> str:
    return {"as is": wording.separator, "one line": "\n", "double": "\n\n\n"}[lines]


def _broken(text: str, lines: str) -> str:
    """Return the text with its line breaks changed; what an item puts in keeps its own."""
    if lines == "one line":
        return re.sub(r"\s*\n+\s*", " ", text) if not text.startswith("{") else text
    return text.replace("\n", "\n\n") if lines == "double" and "\n\n" not in text else text


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Return `text` changed everywhere but in the names of its fields."""
    return "".join(part if _FIELD.fullmatch(part) else change(part) for part in _FIELD.split(text))


def _content(wording: Wording) -> str:
    return replace(wording, name="").id

"""What an answer may have meant: readings by form alone, none of which looks at the truth."""

from __future__ import annotations

import re

from nightschool.items import Item

_SAYS = re.compile(r"(?:answer|result|solution|output|it|that|this|which)\s*(?:is|are|would be|=|:)+\s*:?\s*", re.I)
_MARKED = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`|\"([^\"]+)\"|'([^']+)'|\[([^\]]+)\]|\(([^)]+)\)|\\boxed\{([^}]*)\}")
_LIST = re.compile(r"[\w.+\-]+(?:\s*,\s*(?:and\s+)?[\w.+\-]+)+")
_NUMBER = re.compile(r"(?<![\w.])[+\-−]?\d+(?:[.,]\d+)*(?![\w])")
_REFUSES = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|not able|unable)|i can(?:no|')t|i do(?:n't| not) know|as an ai|"
    r"cannot (?:help|answer|do))",
    re.I,
)


def readings(answer: str, item: Item) -> tuple[str, ...]:
    """Return other ways to read `answer`, none equal to it: what follows `the answer is`, what is marked, its first and
    last line, its list, its only number, the only choice of `item` that it names. At most a dozen.
    """
    text = answer.strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [text.strip(" .*`'\"")]
    found += [text[match.end() :].split("\n")[0] for match in _SAYS.finditer(text)][-2:]
    if ":" in text:
        found.append(text.rpartition(":")[2])
    found += lines[:1] + lines[-1:]
    found += [next(group for group in match.groups() if group) for match in _MARKED.finditer(text)][:2]
    found += sorted(_LIST.findall(text), key=lambda found: found.count(","))[-1:]
    numbers = set(_NUMBER.findall(text))
    found += list(numbers) if len(numbers) == 1 else []
    named = [choice for choice in item.choices if _stands(choice, text)]
    found += named if len(named) == 1 else []
    neat = (reading.strip(" \n.*`'\"") for reading in found)
    return tuple(dict.fromkeys(reading for reading in neat if reading and reading != answer))


def attempts(answer: str) -> bool:
    """Return whether `answer` says anything about the question: it is neither empty nor a refusal."""
    return bool(re.search(r"\w", answer)) and not _REFUSES.search(answer)


def _stands(choice: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(choice.casefold())}(?!\w)", text.casefold()) is not None

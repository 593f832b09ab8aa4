"""What a person said of answers: wanted or not, or the better of two. Lines of a JSONL file, and back.

    {"key": "...", "input": {...}, "answer": "...", "wanted": true}
    {"key": "...", "input": {...}, "better": "...", "worse": "..."}

key: the leak key of the item; without one the input itself names it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightschool.errors import BadFile, BadItems, Leak
from nightschool.items import Item, Split, digest, split_of


@dataclass(frozen=True, slots=True)
class Label:
    """One judgement of a person. inputs: of the item; better, worse: answers; worse None: `better` stands alone, and
    `wanted` says whether it is.

    key: the leak key where the item is of a task; text that was typed has none, and is for practice.
    """

    inputs: Mapping[str, str]
    better: str
    worse: str | None = None
    wanted: bool = True
    key: str = ""

    @property
    def group(self) -> str:
        """Return the name of the item: labels of one item are never parted."""
        return self.key or digest("label", dict(self.inputs))

    @property
    def id(self) -> str:
        """Return the content hash that names this label."""
        return digest(dict(self.inputs), self.better, self.worse, self.wanted)[:16]

    def item(self) -> Item:
        """Return the item as a critic sees it."""
        return Item(self.id, self.inputs, None, self.group)


def read_labels(path: str | Path) -> list[Label]:
    """Return the labels in a file; what was judged `neither` is left out.

    Raises BadFile where it cannot be read, BadItems with every broken line, Leak for an item that is not of practice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read labels from {path}: {error}; `nightschool label A B` writes such a file") from error
    labels, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                label = _label(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                problems.append(f"{path}, line {number}: {error}; a label has input, and answer and wanted, or better "
                                "and worse")  # fmt: skip
                continue
            if label is not None:
                labels.append(label)
    if problems:
        raise BadItems(problems)
    refuse_leaks(labels)
    return labels


def refuse_leaks(labels: Sequence[Label]) -> None:
    """Raise Leak where a label is about an item that is not of practice."""
    for label in labels:
        split = split_of(label.key) if label.key else Split.PRACTICE
        if split is not Split.PRACTICE:
            raise Leak(
                f"the label on {label.key!r} is about an item of {split}, and critics learn from practice items only; "
                "leave it out"
            )


def label_row(label: Label, **more: Any) -> dict[str, Any]:
    """Return the label as a line of a file holds it."""
    about = {"key": label.key, "input": dict(label.inputs)}
    said = {"answer": label.better, "wanted": label.wanted}
    if label.worse is not None:
        said = {"better": label.better, "worse": label.worse}
    return {**about, **said, **more}


def _label(row: Mapping[str, Any]) -> Label | None:
    inputs = row["input"]
    inputs = {"input": inputs} if isinstance(inputs, str) else {str(k): str(v) for k, v in inputs.items()}
    key = str(row.get("key") or "")
    if row.get("neither"):
        return None
    if "better" in row:
        return Label(inputs, _text(row["better"]), _text(row["worse"]), key=key)
    if not isinstance(row["wanted"], bool):
        raise ValueError(f"wanted is true or false, not {row['wanted']!r}")
    return Label(inputs, _text(row["answer"]), wanted=row["wanted"], key=key)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"an answer is text, not {type(value).__name__}")
    return value

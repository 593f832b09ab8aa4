"""Which of two answers is better? Asked blind: which side is whose is settled by the seed, and not shown.

Answers come from files that `nightschool think --json` wrote, or from JSON lines with `input` and `answer`. Each
judgement is written to the file as it is made, so that asking can stop at any moment and go on later.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nightschool.critics.learning.labels import Label, label_row, refuse_leaks
from nightschool.errors import BadFile, BadItems, UsageError
from nightschool.items import Noise, Score, digest
from nightschool.stats import wilson

Choice = Literal["left", "right", "neither", "skip", "quit"]
KEYS: dict[str, Choice] = {"1": "left", "2": "right", "0": "neither", "s": "skip", "q": "quit"}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given. inputs: what was asked; key: leak key of the item, or nothing."""

    inputs: dict[str, str]
    answer: str
    key: str = ""

    @property
    def question(self) -> str:
        """Return the name of what was asked."""
        return digest("question", self.inputs)[:16]


@dataclass(frozen=True, slots=True)
class Duel:
    """Two answers to one question, as they are shown. swapped: the left one is B's."""

    a: Answered
    b: Answered
    swapped: bool

    @property
    def id(self) -> str:
        """Return the content hash that names the two answers, whoever gave them."""
        return digest(self.a.inputs, sorted((self.a.answer, self.b.answer)))[:16]

    @property
    def shown(self) -> tuple[str, str]:
        """Return the left and the right answer."""
        a, b = self.a.answer, self.b.answer
        return (b, a) if self.swapped else (a, b)


def read_answers(path: str | Path) -> list[Answered]:
    """Return the answers in a file. Raises BadFile where it cannot be read, BadItems with every broken line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(
            f"cannot read answers from {path}: {error}; nightschool think --task TASK --json > {path}"
        ) from error
    try:
        told = json.loads(text)
        rows = told["answers"] if isinstance(told, dict) and "answers" in told else [told]
        return [_answered(row) for row in rows if row.get("answer") is not None]
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # lines of JSON, then
    found, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(_answered(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(f"{path}, line {number}: {error}; an answer has input and answer")
    if problems:
        raise BadItems(problems)
    return found


def duels(a: Sequence[Answered], b: Sequence[Answered], seed: int) -> list[Duel]:
    """Return what there is to compare: questions that both answered, and not alike; in an order, on sides, by the seed.

    Raises UsageError where there is nothing, Leak for items that are not of practice.
    """
    theirs = {one.question: one for one in b}
    both = [(one, theirs[one.question]) for one in {x.question: x for x in a}.values() if one.question in theirs]
    found = [
        Duel(x, y, Noise((seed, "side", x.question, *sorted((x.answer, y.answer)))).key() % 2 == 1)
        for x, y in both
        if x.answer.strip() != y.answer.strip()
    ]
    if not found:
        why = f"they share {len(both)} questions and answered them alike" if both else "they share no question"
        raise UsageError(f"there is nothing to compare in {len(a)} and {len(b)} answers: {why}")
    refuse_leaks([Label(duel.a.inputs, "", key=duel.a.key) for duel in found])
    return sorted(found, key=lambda duel: Noise((seed, "order", duel.id)).key())


def known(path: Path) -> dict[str, dict[str, Any]]:
    """Return the judgements in a file of labels by the id of their duel; what was cut off by a kill is passed over.

    Raises BadFile where the file cannot be read.
    """
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read {path}: {error}; name another file with --out") from error
    rows = {}
    for line in lines:
        try:
            row = json.loads(line)
            rows[str(row["duel"])] = row
        except (ValueError, TypeError, KeyError):
            continue
    return rows


def ask_all(
    todo: Iterable[Duel], path: Path, ask: Callable[[Duel], Choice], *, names: tuple[str, str] = ("A", "B")
) -> list[dict[str, Any]]:
    """Return the judgements made now, each on disk before the next is asked for. Raises BadFile."""
    made = []
    for duel in todo:
        choice = ask(duel)
        if choice == "quit":
            break
        if choice != "skip":
            made.append(judgement(duel, choice, names))
            _append(path, made[-1])
    return made


def judgement(duel: Duel, choice: Choice, names: tuple[str, str]) -> dict[str, Any]:
    """Return the line of a file that holds a choice: a label, who gave what, and on which side it was shown."""
    about = {"duel": duel.id, "a": names[0], "b": names[1], "left": "b" if duel.swapped else "a"}
    if choice == "neither":
        return {"key": duel.a.key, "input": duel.a.inputs, "neither": True, "chosen": None, **about}
    chosen = "a" if (choice == "left") != duel.swapped else "b"
    better, worse = (duel.a.answer, duel.b.answer) if chosen == "a" else (duel.b.answer, duel.a.answer)
    return label_row(Label(duel.a.inputs, better, worse, key=duel.a.key), chosen=chosen, **about)


def preference(rows: Iterable[dict[str, Any]], names: tuple[str, str]) -> tuple[Score | None, Score | None]:
    """Return how often A was chosen over B, and how often the left side was; `neither` is left out.

    The second should be a half: else the judge, or how answers are shown, leans to one side.
    """
    mine = [row for row in rows if (row.get("a"), row.get("b")) == names and row.get("chosen")]
    if not mine:
        return None, None
    first = sum(row["chosen"] == "a" for row in mine)
    return wilson(first, len(mine)), wilson(sum(row["chosen"] == row["left"] for row in mine), len(mine))


def _answered(row: dict[str, Any]) -> Answered:
    inputs = row["input"]
    inputs = {"input": inputs} if isinstance(inputs, str) else {str(k): str(v) for k, v in inputs.items()}
    if not isinstance(row["answer"], str):
        raise ValueError(f"the answer is a {type(row['answer']).__name__}, not text")
    return Answered(inputs, row["answer"], str(row.get("key") or ""))


def _append(path: Path, row: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(("\n" if torn else "") + json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadFile(f"cannot write to {path}: {error.strerror or error}; name another file with --out") from error

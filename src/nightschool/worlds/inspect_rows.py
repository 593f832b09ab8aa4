"""Samples of Inspect as rows: `input` may be a list of messages, `target` a letter or a list.

    {"input": "Which is red?", "choices": ["blood", "grass"], "target": "A"}
    {"input": [{"role": "user", "content": "Say one."}], "target": ["one", "1"]}

What a sample says about sandboxes, files and metadata is left aside: items here are questions with answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nightschool.worlds.rows import Cell, Nested, Row, Sheet

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALTERNATIVE = " || "


def with_inspect_samples(sheet: Sheet) -> Sheet:
    """Return `sheet` with the rows that are Inspect samples written as rows of a file; others stay as they are."""
    rows = []
    for row in sheet.rows:
        try:
            rows.append(replace(row, cells=_cells(row)))
        except ValueError as error:
            sheet.problems.append((row.line, str(error)))
    sheet.rows = rows
    return sheet


def _cells(row: Row) -> dict[str, Cell]:
    cells = dict(row.cells)
    asked, target, choices = cells.get("input"), cells.get("target"), cells.get("choices")
    if isinstance(asked, Nested) and isinstance(asked.value, list):
        cells["input"] = _conversation(asked.value)
    if isinstance(target, tuple):
        if len(target) > 1 and "critic" not in cells and not choices:
            cells["critic"] = f"exact:separator={ALTERNATIVE.strip()}"
        cells["target"] = ALTERNATIVE.join(target)
    if isinstance(choices, tuple) and isinstance(cells.get("target"), str):
        letter = str(cells["target"]).strip()
        if len(letter) == 1 and letter in _LETTERS and letter not in choices:
            if _LETTERS.index(letter) >= len(choices):
                raise ValueError(f"the target is choice {letter}, and there are {len(choices)}")
            cells["target"] = choices[_LETTERS.index(letter)]
    return cells


def _conversation(turns: list[object]) -> str:
    """Return the text of the turns before the answer. Raises ValueError where a turn is not text, or is the model's."""
    said = []
    for turn in turns:
        if not isinstance(turn, Mapping) or not isinstance(turn.get("content"), str):
            raise ValueError("'input' is a list of messages of which one is no text; images and tools are not read")
        if turn.get("role") not in ("system", "user"):
            raise ValueError(f"'input' has a turn of role {turn.get('role')!r}; system and user turns are read")
        said.append(str(turn["content"]))
    return "\n\n".join(said)

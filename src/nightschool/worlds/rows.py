"""Rows out of a JSONL, CSV or YAML file, with the line of each and a sentence for everything that cannot be read.

Values are text as it was written: `1.50` stays `1.50`, and YAML's `no` stays `no`. A list of texts is a tuple; null is
None; anything deeper is kept as `Nested`, which nothing but a column that nobody uses may be.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nightschool.errors import BadFile


@dataclass(frozen=True, slots=True)
class Nested:
    """A value that is neither text nor a list of texts. value: as JSON has it (None in YAML), for who can read it."""

    value: Any = field(default=None, compare=False)


class Bare(str):
    """A number, true or false out of JSON: what stands there without quotes, as it was written."""

    __slots__ = ()


Cell = str | tuple[str, ...] | None | Nested


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins, counted from 1, and its cells by column."""

    line: int
    cells: dict[str, Cell]


@dataclass(slots=True)
class Sheet:
    """All of a file: its rows, the settings at its head (YAML only), and the broken lines as (line, what is wrong)."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


SETTINGS_FILE = "task.yaml"


def read_sheet(path: Path) -> Sheet:
    """Return what is in `path`: a file, or a folder whose `task.yaml` has the settings and names the items.

    Broken lines are in the sheet's `problems`. Raises BadFile where there is no such file or its kind is not known.
    """
    if path.is_dir():
        if not (path / SETTINGS_FILE).is_file():
            raise BadFile(f"the folder {path} has no {SETTINGS_FILE}; write one with a line `items: questions.csv`")
        path = path / SETTINGS_FILE
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadFile(f"{path} is none of {', '.join(sorted(_READERS))}; name a file of one of these kinds")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadFile(f"cannot read {path}: {error.strerror or error}") from error
    sheet = Sheet(path)
    reader(data, sheet)
    return sheet


def _decoded(data: bytes, sheet: Sheet) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sheet.problems.append((data.count(b"\n", 0, error.start) + 1, "is not UTF-8; save the file as UTF-8"))
        return None


def _read_jsonl(data: bytes, sheet: Sheet) -> None:
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            pairs = json.loads(
                raw.decode("utf-8"), object_pairs_hook=_Pairs, parse_int=Bare, parse_float=Bare, parse_constant=Bare
            )
        except UnicodeDecodeError:
            sheet.problems.append((number, "is not UTF-8; save the file as UTF-8"))
        except json.JSONDecodeError as error:
            sheet.problems.append((number, f"is not JSON: {error.msg} at character {error.colno}"))
        except RecursionError:
            sheet.problems.append((number, "is nested too deeply"))
        else:
            if not isinstance(pairs, _Pairs):
                sheet.problems.append((number, 'is not a JSON object; write {"input": "...", "target": "..."}'))
            else:
                _add(sheet, number, [(str(name), _json_cell(value)) for name, value in pairs])


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in order, twice-named ones included."""


def _json_cell(value: Any) -> Cell:
    match value:
        case _Pairs():
            return Nested(_whole(value))
        case list():
            cells = [_json_cell(part) for part in value]
            return tuple(cell for cell in cells if isinstance(cell, str)) if _all_text(cells) else Nested(_whole(value))
        case bool():
            return Bare(str(value).lower())
        case None:
            return None
    return value if isinstance(value, Bare) else str(value)


def _whole(value: Any) -> Any:
    """Return a JSON value with its objects as dictionaries."""
    if isinstance(value, _Pairs):
        return {str(name): _whole(part) for name, part in value}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def _read_csv(data: bytes, sheet: Sheet) -> None:
    text = _decoded(data, sheet)
    if text is None:
        return
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _csv_rows(reader, sheet)
    _, columns = next(rows, (1, []))
    columns = [column.strip() for column in columns]
    for name in sorted({column for column in columns if columns.count(column) > 1}):
        sheet.problems.append((1, f"has two columns called {name!r}"))
    for line, cells in rows:
        if len(cells) != len(columns):
            sheet.problems.append((line, f"has {len(cells)} cells, but the head has {len(columns)} columns"))
        else:
            _add(sheet, line, list(zip(columns, cells, strict=True)))


def _csv_rows(reader: Any, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            sheet.problems.append((line, f"is not CSV: {error}"))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _read_yaml(data: bytes, sheet: Sheet) -> None:
    text = _decoded(data, sheet)
    if text is None:
        return
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser, where PyYAML was built with it
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        sheet.problems.append((mark.line + 1 if mark else 1, f"is not YAML: {error.problem or error.context}"))
        return
    except (yaml.YAMLError, RecursionError) as error:
        sheet.problems.append((1, f"is not YAML: {error}"))
        return
    if isinstance(root, yaml.MappingNode):
        _read_head(root, sheet)
    elif isinstance(root, yaml.SequenceNode):
        _read_list(root, sheet)
    elif root is not None:
        sheet.problems.append((1, "is neither a list of items nor settings with `items`"))


def _read_head(root: yaml.MappingNode, sheet: Sheet) -> None:
    items: yaml.Node | None = None
    for key, value in root.value:
        cell = _yaml_cell(value)
        if key.value == "items":
            items = value
        elif isinstance(cell, str):
            sheet.settings[str(key.value)] = cell
        else:
            sheet.problems.append((key.start_mark.line + 1, f"the setting {key.value!r} is not one text"))
    if isinstance(items, yaml.SequenceNode):
        _read_list(items, sheet)
    elif isinstance(items, yaml.ScalarNode) and items.value.strip():
        named = sheet.path.parent / items.value
        if named.is_dir() or _READERS.get(named.suffix.lower()) is _read_yaml:  # it might name itself, round and round
            sheet.problems.append((items.start_mark.line + 1, "`items` names a CSV or JSONL file, or lists the items"))
            return
        other = read_sheet(named)
        sheet.path, sheet.rows = other.path, other.rows
        sheet.problems += other.problems
    else:
        sheet.problems.append((root.start_mark.line + 1, "has no `items`: write a list of them, or the name of a file"))


def _read_list(node: yaml.SequenceNode, sheet: Sheet) -> None:
    for part in node.value:
        line = part.start_mark.line + 1
        if isinstance(part, yaml.MappingNode):
            _add(sheet, line, [(str(key.value), _yaml_cell(value)) for key, value in part.value])
        else:
            sheet.problems.append((line, "is not an item; write `- input: ...` and below it `target: ...`"))


def _yaml_cell(node: yaml.Node) -> Cell:
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        cells = [_yaml_cell(part) if isinstance(part, yaml.ScalarNode) else Nested() for part in node.value]
        return tuple(cell for cell in cells if isinstance(cell, str)) if _all_text(cells) else Nested()
    return Nested()


def _all_text(cells: list[Cell]) -> bool:
    return all(isinstance(cell, str) for cell in cells)


def _add(sheet: Sheet, line: int, pairs: list[tuple[str, Cell]]) -> None:
    cells = dict(pairs)
    if len(cells) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        sheet.problems.append((line, f"says {', '.join(map(repr, twice))} twice"))
    sheet.rows.append(Row(line, cells))


_READERS: dict[str, Callable[[bytes, Sheet], None]] = {
    ".jsonl": _read_jsonl, ".ndjson": _read_jsonl, ".csv": _read_csv, ".tsv": _read_csv,
    ".yaml": _read_yaml, ".yml": _read_yaml,
}  # fmt: skip

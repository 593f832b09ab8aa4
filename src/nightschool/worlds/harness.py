"""Task files of lm-evaluation-harness as rows: `multiple_choice` and `generate_until` on local data.

    task: colours
    dataset_path: json                      or csv, or the file itself
    dataset_kwargs: {data_files: {test: colours.jsonl}}
    output_type: multiple_choice
    doc_to_text: "Question: {{question}}"   a template, or the name of a column
    doc_to_choice: "{{options}}"
    doc_to_target: answer                   the number of a choice, or its text

The files of the training split are practised on, those of validation tune, those of the test split are the exam. What
would run code (`!function`, `process_docs`) or fetch data is refused. Few-shot settings are left to the exam's rungs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nightschool.errors import BadFile
from nightschool.worlds.rows import Cell, Nested, Row, Sheet, read_sheet

_KINDS = ("multiple_choice", "generate_until")
_SPLITS = {"training_split": "train", "validation_split": "validation", "test_split": "test"}
_TOKENS = 64


class _Code:
    """Stands where a task file names a Python function."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Loader(yaml.SafeLoader):
    """Reads `!function` as what it is, without running it."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: _Code(f"!{tag} {node.value}"))


def is_harness_task(path: Path) -> bool:
    """Return whether `path` is a task file of lm-evaluation-harness: YAML with a `doc_to_text`."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        head = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False  # whoever reads it for what it is says what is wrong with it
    return isinstance(head, Mapping) and "doc_to_text" in head


def read_harness_task(path: Path) -> Sheet:
    """Return the rows of a task file, with columns input, target, choices and split.

    Problems of single rows are in the sheet's `problems`. Raises BadFile for what cannot be read without running code
    or without a network.
    """
    head: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    _refuse(path, head)
    sheet = Sheet(path)
    for split, file in _files(path, head):
        data = read_sheet(file)
        sheet.path = data.path
        sheet.problems += data.problems
        for row in data.rows:
            doc = {name: _value(cell) for name, cell in row.cells.items()}
            try:
                sheet.rows.append(Row(row.line, {**_cells(head, doc), "split": split}))
            except (ValueError, TypeError, LookupError) as error:
                sheet.problems.append((row.line, f"does not fit the task file: {error}"))
    if head["output_type"] == "generate_until":
        sheet.settings["critic"] = _critic(head)
        given = head.get("generation_kwargs") or {}
        sheet.settings["max_answer_tokens"] = str(given.get("max_gen_toks", _TOKENS))
    if isinstance(head.get("description"), str) and head["description"].strip():
        sheet.settings["system"] = head["description"].strip()
    return sheet


def _refuse(path: Path, head: Mapping[str, Any]) -> None:
    kind = head.get("output_type", "generate_until")
    if kind not in _KINDS:
        raise BadFile(f"{path}: output_type {kind!r} cannot be read; {' and '.join(_KINDS)} can")
    for name in ("doc_to_text", "doc_to_target", "doc_to_choice", "process_docs", "description"):
        if isinstance(head.get(name), _Code):
            raise BadFile(f"{path}: {name} is code ({head[name].name}), which is not run; write it as a template")
    for name in ("doc_to_text", "doc_to_target", *(["doc_to_choice"] if kind == "multiple_choice" else [])):
        if name not in head:
            raise BadFile(f"{path}: has no {name}, which {kind} needs")


def _files(path: Path, head: Mapping[str, Any]) -> list[tuple[str, Path]]:
    """Return the data files with the split that each is for. Raises BadFile for data that is not here."""
    named = (head.get("dataset_kwargs") or {}).get("data_files")
    own = str(head.get("dataset_path", ""))
    if named is None and (path.parent / own).is_file():
        named = own
    if named is None:
        raise BadFile(
            f"{path}: the data of {own or 'this task'} is not here, and nothing is fetched; save it beside the task "
            "file and name it with dataset_kwargs: {data_files: FILE}"
        )
    wanted = {str(head[key]): split for key, split in _SPLITS.items() if head.get(key)}
    if not isinstance(named, Mapping):
        named = {next((name for name, split in wanted.items() if split == "test"), "test"): named}
        wanted = wanted or {"test": "test"}
    found = []
    for name, files in named.items():
        for file in files if isinstance(files, list) else [files]:
            if str(name) in (wanted or {str(name)}):
                place = path.parent / str(file)
                if not place.is_file():
                    raise BadFile(f"{path}: names the data file {file}, which is not there")
                found.append((wanted.get(str(name), str(name)), place))
    if not found:
        raise BadFile(f"{path}: none of the data files {', '.join(map(str, named))} is of a split that the task names")
    return found


def _cells(head: Mapping[str, Any], doc: Mapping[str, Any]) -> dict[str, Cell]:
    target = _rendered(head["doc_to_target"], doc)
    cells: dict[str, Cell] = {"input": str(_rendered(head["doc_to_text"], doc)).strip()}
    if head["output_type"] != "multiple_choice":
        cells["target"] = str(target[0] if isinstance(target, list) and target else target).strip()
        return cells
    choices = _rendered(head["doc_to_choice"], doc)
    if isinstance(choices, str):
        choices = _list(choices)
    if not isinstance(choices, list) or not choices:
        raise ValueError(f"doc_to_choice gives {choices!r}, which is no list of choices")
    choices = [str(choice).strip() for choice in choices]
    place = str(target).strip()
    if place.lstrip("-").isdigit() and place not in choices:
        if not 0 <= int(place) < len(choices):
            raise ValueError(f"the target is choice number {place}, and there are {len(choices)}")
        place = choices[int(place)]
    return {**cells, "target": place, "choices": tuple(choices)}


def _rendered(template: Any, doc: Mapping[str, Any]) -> Any:
    """Return what a field of the task file gives for one row: a column, a template filled in, or the field itself."""
    from jinja2 import StrictUndefined
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    if isinstance(template, list):
        return [_rendered(part, doc) for part in template]
    if not isinstance(template, str):
        return template
    if template in doc:
        return doc[template]
    try:
        return SandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(**doc)
    except TemplateError as error:
        raise ValueError(f"{template!r} cannot be filled in: {error}") from error


def _list(text: str) -> Any:
    """Return a list that a template wrote out, or the text where it is none."""
    import ast

    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _value(cell: Cell) -> Any:
    if isinstance(cell, Nested):
        return cell.value
    return list(cell) if isinstance(cell, tuple) else "" if cell is None else cell


def _critic(head: Mapping[str, Any]) -> str:
    """Return the critic that the task's metric asks for. Raises BadFile for a metric that is not exact match."""
    metrics = head.get("metric_list") or [{"metric": "exact_match"}]
    for metric in metrics:
        if isinstance(metric.get("metric"), str) and metric["metric"] in ("exact_match", "acc"):
            return "exact:case=false" if metric.get("ignore_case") else "exact"
    raise BadFile(f"none of the metrics {[metric.get('metric') for metric in metrics]} is exact_match")

"""Reading wordings from TOML: one file per task under `prompts/data`, one `[[wording]]` table per wording."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from nightschool.errors import BadFile, UnknownName
from nightschool.items import Wording

STYLES = ("words", "code", "control")
_TEXTS = ("name", "style", "user", "system", "document", "example", "separator", "prefill")


@cache
def built_in(task: str) -> tuple[Wording, ...]:
    """Return the wordings of a built-in task, the default first. Raises UnknownName."""
    folder = resources.files("nightschool.prompts") / "data"
    file = folder / f"{task}.toml"
    if not file.is_file():
        tasks = (Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml"))
        raise UnknownName("task with wordings", task, tasks)
    return parse(file.read_text(encoding="utf-8"), source=file.name)


def read(path: str | Path) -> tuple[Wording, ...]:
    """Return the wordings in a TOML file of the user's. Raises BadFile."""
    try:
        return parse(Path(path).read_text(encoding="utf-8"), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read the wordings in {path}: {error}") from error


def parse(text: str, source: str) -> tuple[Wording, ...]:
    """Return the wordings in `text`, in order; `source` is what messages call it.

    Raises BadFile for TOML that cannot be read, a setting that there is not, a wording without text, and a name or a
    content that occurs twice.
    """
    try:
        tables = tomllib.loads(text).get("wording", [])
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{source} is not TOML: {error}") from error
    if not isinstance(tables, list) or not tables:
        raise BadFile(f"{source} has no wordings; write them as [[wording]] tables")
    wordings = tuple(_wording(table, f"{source}, wording {i}") for i, table in enumerate(tables, start=1))
    _refuse_twins(wordings, source)
    return wordings


def _wording(table: Any, where: str) -> Wording:
    if not isinstance(table, dict):
        raise BadFile(f"{where}: write it as a [[wording]] table")
    for setting, value in table.items():
        if setting not in (*_TEXTS, "stop"):
            raise BadFile(f"{where}: {UnknownName('setting of a wording', setting, (*_TEXTS, 'stop'))}")
        if setting == "stop":
            if not isinstance(value, list) or not all(isinstance(s, str) and s for s in value):
                raise BadFile(f"{where}: stop is a list of strings that are not empty, not {value!r}")
        elif not isinstance(value, str):
            raise BadFile(f"{where}: {setting} is a string, not {value!r}")
    if not table.get("name"):
        raise BadFile(f"{where} has no name")
    if table.get("style") not in STYLES:
        raise BadFile(f"{where}: style is one of {', '.join(STYLES)}, not {table.get('style')!r}")
    if bool(table.get("user")) == bool(table.get("document")):
        raise BadFile(f"{where}: write either user (a chat) or document (plain text), not both and not neither")
    return Wording(**{**table, "stop": tuple(table.get("stop", ()))})


def _refuse_twins(wordings: tuple[Wording, ...], source: str) -> None:
    seen: dict[str, str] = {}
    for wording in wordings:
        if wording.name in seen.values():
            raise BadFile(f"{source}: two wordings are called {wording.name!r}")
        content = replace(wording, name="").id
        if content in seen:
            raise BadFile(f"{source}: {wording.name!r} says the same as {seen[content]!r}")
        seen[content] = wording.name

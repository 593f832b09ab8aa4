"""Runs of `think` that did not end, as they are listed, and how one is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nightschool.drive.unfinished import code_version, draws_of, forget, names, read
from nightschool.errors import BadFile, UnknownName
from nightschool.surface.terminal.table import table
from nightschool.surface.thinking.resume import called, folder
from nightschool.surface.thinking.shown import shown

ALL = "all"


def listed() -> list[dict[str, Any]]:
    """Return every unfinished run, the latest last: its name, when it last went on, what it was to do, and whether this
    version can go on with it. One that cannot be read has `wrong` in place of what it was to do.
    """
    found: list[dict[str, Any]] = []
    for name in names(folder()):
        at = draws_of(folder(), name)
        seen = at if at.is_file() else at.with_name("run.json")
        try:
            changed = datetime.fromtimestamp(seen.stat().st_mtime, UTC).isoformat(timespec="seconds")
            record = read(folder(), name)
        except (OSError, BadFile) as error:
            found.append({"name": name, "wrong": str(error)})
            continue
        said = {key: record.options.get(key) for key in ("task", "text", "items", "strategy", "model", "mind")}
        found.append({"name": name, "changed": changed, **said, "resumable": record.code == code_version()})
    return found


def drawn(runs: Sequence[dict[str, Any]]) -> str:
    """Return the runs as a table, and below it what to type."""
    if not runs:
        return "no run was stopped or killed; those that end leave no record"
    rows = [[run["name"], *_about(run)] for run in runs]
    hint = "to go on: nightschool think --resume ID; to give one up: nightschool think --drop ID (or all)"
    return f"{table(('run', 'last went on', 'strategy', 'what', ''), rows)}\n{hint}"


def _about(run: dict[str, Any]) -> list[str]:
    if "wrong" in run:
        return ["", "", "cannot be read", ""]
    what = run["task"] or shown(str(run["text"] or run["mind"]))
    other = "" if run["resumable"] else "of another version"
    return [run["changed"][:16].replace("T", " "), str(run["strategy"] or run["mind"] or ""), what, other]


def drop(name: str) -> list[str]:
    """Take the record of the unfinished run `name` away, `last` the latest, `all` every one; return which went.

    Raises UnknownName.
    """
    known = names(folder())
    chosen = known if name == ALL else [called(name)]
    if not set(chosen) <= set(known):
        raise UnknownName("unfinished run", name, known, hint="nightschool ls runs")
    for each in chosen:
        forget(folder(), each)
    return chosen

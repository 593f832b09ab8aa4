"""Answers to stdout, as text or as one JSON object; remarks to stderr."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import click

from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.progress import said_above

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNWRITABLE = re.compile(r"[\ud800-\udfff]")
_UNSEEN = re.compile(r"[\x7f-\x9f\ud800-\udfff]")


def answer(settings: Settings, text: str, data: Mapping[str, Any]) -> None:
    """Write `data` as one JSON object where --json asks for it, else `text`, to stdout.

    What is no Unicode is written as escapes; so are control characters, such as would clear a screen, where stdout is a
    terminal. Elsewhere the text is as it is.
    """
    if settings.json:
        click.echo(_UNSEEN.sub(_json_escape, json.dumps(data, ensure_ascii=False, allow_nan=False, default=plain)))
    elif text:
        click.echo(writable(text), color=True)


def remark(settings: Settings, text: str) -> None:
    """Write a line for the reader to stderr, unless --quiet; control characters as escapes."""
    line = _CONTROLS.sub(_escape, text)
    if not settings.quiet and not said_above(line):
        click.echo(line, err=True)


def writable(text: str) -> str:
    """Return `text` fit for stdout: as it is but for what is no Unicode, or on a terminal for control characters."""
    return (_CONTROLS if sys.stdout.isatty() else _UNWRITABLE).sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def plain(value: object) -> object:
    """Return what JSON can write in place of `value`: a dataclass as an object, a path as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"JSON cannot write a {type(value).__name__}")

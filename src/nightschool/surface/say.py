"""Answers to stdout, as text or as one JSON object; remarks to stderr."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import click

from nightschool.surface.options import Settings


def answer(settings: Settings, text: str, data: Mapping[str, Any]) -> None:
    """Write `data` as one JSON object where --json asks for it, else `text`, to stdout."""
    if settings.json:
        click.echo(json.dumps(data, ensure_ascii=False, allow_nan=False, default=plain))
    elif text:
        click.echo(text)


def remark(settings: Settings, text: str) -> None:
    """Write a line for the reader to stderr, unless --quiet."""
    if not settings.quiet:
        click.echo(text, err=True)


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

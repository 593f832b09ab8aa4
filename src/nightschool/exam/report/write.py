"""Writing a report: `report.json` and `index.html`, each whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from nightschool.errors import BadFile
from nightschool.exam.report import words
from nightschool.exam.report.schema import PageData
from nightschool.exam.report.view import view
from nightschool.paths import write_durably

JSON_NAME, PAGE_NAME = "report.json", "index.html"


def check_folder(folder: Path) -> None:
    """Make `folder` and see that it can be written to. Raises BadFile: to be asked before anything long begins."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadFile(
            f"cannot make the report folder {folder}: {error.strerror}; give another with --report"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadFile(f"cannot write to the report folder {folder}; give another with --report")


def write(folder: Path, data: PageData) -> Path:
    """Return the path of the page, written with its JSON into `folder`, which is made where it is missing.

    Sections that `data` lacks are left out. Raises BadFile for a folder that cannot be written to, ValueError for data
    that JSON cannot hold (NaN).
    """
    check_folder(folder)
    content = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    page = render(data)
    try:
        # A lone surrogate is no UTF-8; as a backslash escape it is good JSON and comes back as it was.
        write_durably(folder / JSON_NAME, (content + "\n").encode("utf-8", "backslashreplace"))
        write_durably(folder / PAGE_NAME, page)
    except OSError as error:
        raise BadFile(f"cannot write the report to {folder}: {error.strerror}") from error
    return folder / PAGE_NAME


def render(data: Mapping[str, Any]) -> str:
    """Return the page as HTML. It needs nothing from outside, and its policy lets only its own script run."""
    style, script = _asset("page.css"), _asset("page.js")
    html = _template().render(**view(data), style=style, script=script, script_hash=_hash(script), **_WORDS)
    return str(html).encode("utf-8", "replace").decode("utf-8")  # lone surrogates, which a model's bytes can become


_WORDS = {
    "percent": words.percent,
    "points": words.points,
    "p_text": words.p_text,
    "count": words.count,
    "short": words.short,
    "seconds": words.seconds,
    "way_text": words.way_text,
}


@cache
def _asset(name: str) -> str:
    return (resources.files("nightschool.exam.report") / "data" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _template() -> Any:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_asset("page.html.j2"))

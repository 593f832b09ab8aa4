"""Writing a report: `report.json` and `index.html`, each whole or not at all; and its sections for another page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from nightschool.errors import BadFile
from nightschool.exam.report import words
from nightschool.exam.report.schema import PageData
from nightschool.exam.report.view import plain_first, samples_of, view
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
    style, script = look("look.css") + _asset("report.css"), _script()
    samples = samples_of(data.get("exam") or {})
    ways = [] if samples is None else plain_first([row["name"] for row in samples["rows"]])
    shown = {**view(data), "samples": samples, "ways": ways}
    html = _template("page.html.j2").render(**shown, style=style, script=script, script_hash=_hash(script), **_WORDS)
    return _encodable(html)


def sections(data: Mapping[str, Any]) -> str:
    """Return what is under the page's headline as HTML, to be put into another page; its items are not in it."""
    return _encodable(_template("sections.html.j2").render(**view(data), **_WORDS))


def look(name: str) -> str:
    """Return a file that reports and the server's page share."""
    return (LOOK / name).read_text(encoding="utf-8")


LOOK = Path(__file__).parent / "look"
"""what reports and the server's page share: look.css, dom.js, items.js"""


@cache
def _script() -> str:
    """Return the page's modules one behind the other: a file on disk cannot import another."""
    modules = (look("dom.js"), look("items.js"), _asset("report.js"))
    return re.sub(r"^(import .*\n|export )", "", "\n".join(modules), flags=re.MULTILINE)


def _encodable(html: object) -> str:
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
def _template(name: str) -> Any:
    from jinja2 import Environment, FunctionLoader

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_asset))
    return environment.get_template(name)

"""What the page at / shows of exams: reports out of their folders, their items row by row, two against each other."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from nightschool.errors import UnknownName
from nightschool.exam import ExamReport
from nightschool.exam.across import across
from nightschool.exam.report.view import plain_first
from nightschool.exam.report.words import headline
from nightschool.exam.report.write import sections
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.keys import OWNER
from nightschool.surface.server.page.asked import number
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, served_of

_AT_ONCE = 50
_REPORT_POLICY = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


async def exams(request: Request) -> Response:
    """Return the reports that lie in the folder of reports."""
    found = await asyncio.to_thread(folders, served_of(request), request.state.space)
    return Plain({"exams": [await asyncio.to_thread(_summary, name, path) for name, path in sorted(found.items())]})


def folders(served: Served, space: str, file: str = "report.json") -> dict[str, Path]:
    """Return the folders that hold `file`, by name: the folder of reports itself, and those in it."""
    folder = served.reports
    if folder is None or space != OWNER:  # what was examined belongs to the one who runs the server
        return {}
    there = [folder, *sorted(folder.iterdir())] if folder.is_dir() else []
    return {path.name or "report": path for path in there if (path / file).is_file()}


def _report(request: Request, name: str | None = None) -> Path:
    found = folders(served_of(request), request.state.space)
    name = request.path_params["exam"] if name is None else name
    if name not in found:
        raise Refusal(404, str(UnknownName("report", name, found)), code="report_not_found")
    return found[name]


def _read(folder: Path) -> dict[str, Any]:
    file = folder / "report.json"
    stat = file.stat()
    return _parsed(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _parsed(file: Path, changed: int, size: int) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(404, f"the report in {file} cannot be read: {error}", code="report_not_found") from error
    if not isinstance(data, dict):
        raise Refusal(404, f"the report in {file} is no report", code="report_not_found")
    return data


def _summary(name: str, folder: Path) -> dict[str, Any]:
    try:
        data = _read(folder)
    except Refusal as refusal:
        return {"name": name, "broken": refusal.message}
    exam = data.get("exam") or {}
    return {
        "name": name,
        "title": data.get("title"),
        "model": data.get("model") or exam.get("model"),
        "task": data.get("task") or exam.get("task"),
        "items": len(exam.get("items", ())),
        "headline": headline(data),
    }


async def exam(request: Request) -> Response:
    """Return a report without its items, which are fetched row by row, and its sections as its own page has them."""
    data = await asyncio.to_thread(_read, _report(request))
    whole = data.get("exam") or {}
    rungs = [{key: value for key, value in row.items() if key != "records"} for row in whole.get("rungs", ())]
    kept = {key: value for key, value in whole.items() if key not in ("items", "prompts", "rungs")}
    told = {
        **data,
        "title": data.get("title", ""),
        "headline": headline(data),
        "exam": {**kept, "rungs": rungs},
        "page": _page(request),
        "ways": plain_first([row["name"] for row in whole.get("rungs", ()) if row.get("records")]),
        "sections": await asyncio.to_thread(_sections, data),
    }
    return Plain(told)


def _sections(data: dict[str, Any]) -> str:
    from jinja2 import TemplateError

    try:
        return sections(data)
    except (TemplateError, LookupError, TypeError, ValueError) as error:  # another version's, or written by hand
        raise Refusal(404, f"this report cannot be shown: {error!r}; its own page, index.html, may still open",
                      code="report_not_found") from error  # fmt: skip


def _page(request: Request) -> str | None:
    """Return where the report's own page is, with a ticket where a key is asked for; None where there is none."""
    served, name = served_of(request), request.path_params["exam"]
    if not (_report(request) / "index.html").is_file():
        return None
    path = f"/reports/{name}"
    ticket = f"?ticket={served.tickets.issue(path, time.monotonic())}" if served.keys else ""
    return quote(path) + ticket


async def compared(request: Request) -> Response:
    """Return two reports against each other, in each way that both sat: paired by item, adjusted by Holm."""
    first, second = (request.query_params.get(name, "") for name in ("first", "second"))
    if first == second:
        raise Refusal(400, "name two reports: first and second; one compared with itself shows nothing",
                      code="invalid_request", param="second")  # fmt: skip
    read = {name: _report(request, name) for name in (first, second)}
    return Plain(await asyncio.to_thread(_compared, read))


def _compared(reports: dict[str, Path]) -> dict[str, Any]:
    found = {name: ExamReport.from_json(_read(folder).get("exam") or {}) for name, folder in reports.items()}
    pairs = across(found)
    return {"pairs": [{**asdict(pair), "comparison": asdict(pair.comparison)} for pair in pairs]}


_WHICH: dict[str, Callable[[float | None], bool]] = {
    "all": lambda outcome: True,
    "passed": lambda outcome: outcome == 1,
    "failed": lambda outcome: outcome is not None and outcome != 1,
    "missing": lambda outcome: outcome is None,
}


def _holds(record: dict[str, Any], known: dict[str, dict[str, Any]], words: str) -> bool:
    if not words:
        return True
    item = known.get(record["item"], {})
    texts = [record["item"], item.get("target") or "", *(item.get("inputs") or {}).values(), *record["answers"]]
    return words in "\n".join(map(str, texts)).lower()


async def items(request: Request) -> Response:
    """Return some records of one row, with what was asked and what is true; `which` and `q` choose among them."""
    data = await asyncio.to_thread(_read, _report(request))
    whole = data.get("exam") or {}
    rows = {row["name"]: row for row in whole.get("rungs", ())}
    name = request.query_params.get("row", next(iter(rows), ""))
    if name not in rows:
        raise Refusal(404, str(UnknownName("row", name, rows)), code="row_not_found", param="row")
    known = {item["id"]: item for item in whole.get("items", ())}
    which, words = request.query_params.get("which", "all"), request.query_params.get("q", "").lower()
    if which not in _WHICH:
        raise Refusal(400, f"which is one of {', '.join(_WHICH)}, not {which!r}", code="invalid_request", param="which")
    every, prompts = rows[name].get("records", []), whole.get("prompts", [])
    records = [each for each in every if _WHICH[which](each["outcome"]) and _holds(each, known, words)]
    offset, some = number(request, "offset"), []
    for record in records[offset : offset + _AT_ONCE]:
        item, prompt = known.get(record["item"], {}), record["prompt"]
        prompt = prompts[prompt] if isinstance(prompt, int) else prompt  # kept once and by number in a report
        some.append({**record, "prompt": prompt, "inputs": item.get("inputs"), "target": item.get("target")})
    return Plain({"row": name, "items": some, "of": len(records)})


async def report(request: Request) -> Response:
    """Return a report's own page, which runs its script in a sandbox of the browser."""
    file = _report(request) / "index.html"
    if not file.is_file():
        raise Refusal(404, "this report has no page", code="report_not_found")
    return FileResponse(file, headers={"content-security-policy": _REPORT_POLICY})

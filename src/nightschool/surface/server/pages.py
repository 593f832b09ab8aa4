"""What the page at / shows: nights out of the ledger, exams out of their reports, and what may be asked for."""

from __future__ import annotations

import asyncio
import json
import time
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from nightschool import registry
from nightschool.errors import UnknownName
from nightschool.exam.report.words import headline
from nightschool.sleep.ledger import Ledger
from nightschool.sleep.night import Night
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.asked import number
from nightschool.surface.server.keys import OWNER
from nightschool.surface.server.minds import BARE
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, served_of
from nightschool.surface.server.wire import WakeRequest, read

WEB = Path(__file__).parent.parent / "web"
_AT_ONCE = 50
_REPORT_POLICY = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


async def page(request: Request) -> Response:
    """Return the page."""
    return FileResponse(WEB / "index.html", headers={"cache-control": "no-cache"})


async def state(request: Request) -> Response:
    """Return what may be asked for."""
    served = served_of(request)
    names = await asyncio.to_thread(served.minds.listed, request.state.space)
    return Plain(
        {
            "version": version("nightschool"),
            "models": [name for name, _, _ in names],
            "strategies": registry.names("strategies"),
            "critics": sorted(served.minds.critics & set(registry.names("critics"))),
            "limits": {"request_tokens": served.limits.request_tokens, "seconds": served.limits.seconds},
        }
    )


async def nights(request: Request) -> Response:
    """Return the nights of this space, oldest first."""
    return Plain({"nights": await asyncio.to_thread(_nights, served_of(request), request.state.space)})


def _nights(served: Served, space: str) -> list[dict[str, Any]]:
    kept = served.minds.ledger(space)
    return [] if kept is None else [_told(night, kept) for night in kept.nights()]


def _told(night: Night, kept: Ledger) -> dict[str, Any]:
    current = kept.current(night.base)
    return {**night.as_dict(), "in_force": current is not None and current.name == night.name}


async def night(request: Request) -> Response:
    """Return one night, and some of its lessons."""
    served, space = served_of(request), request.state.space
    offset = number(request, "offset")
    return Plain(await asyncio.to_thread(_night, served, space, request.path_params["night"], offset))


def _night(served: Served, space: str, name: str, offset: int) -> dict[str, Any]:
    kept = served.minds.ledger(space)
    mine = kept.nights() if kept is not None else []
    found = [each for each in mine if each.name.startswith(name)]
    if kept is None or len(found) != 1:
        raise UnknownName("night", name, [each.name for each in mine])
    lessons = kept.folder / "lessons" / f"{found[0].name}.jsonl"
    lines = lessons.read_text(encoding="utf-8").splitlines() if lessons.is_file() else []
    some = [json.loads(line) for line in lines[offset : offset + _AT_ONCE]]
    return {"night": _told(found[0], kept), "lessons": some, "of": len(lines)}


async def wake(request: Request) -> Response:
    """Make a night the one that its model answers with from now on; `none`: the weights of the model in the body."""
    served, space = served_of(request), request.state.space
    asked = read(WakeRequest, await request.body())
    return Plain(await asyncio.to_thread(_wake, served, space, request.path_params["night"], asked.model))


def _wake(served: Served, space: str, name: str, model: str | None) -> dict[str, Any]:
    kept = served.minds.ledger(space)
    mine = kept.nights() if kept is not None else []
    if name == BARE:
        found = [night for night in mine if night.model == model]
    else:
        found = [night for night in mine if night.name == name]
    if kept is None or not found:
        known = {night.model for night in mine} if name == BARE else {night.name for night in mine}
        raise UnknownName("night" if name != BARE else "model", name if name != BARE else str(model), known)
    kept.switch(found[0].base, None if name == BARE else name)
    return {"nights": [_told(night, kept) for night in mine]}


async def exams(request: Request) -> Response:
    """Return the reports that lie in the folder of reports."""
    found = await asyncio.to_thread(_reports, served_of(request), request.state.space)
    return Plain({"exams": [await asyncio.to_thread(_summary, name, path) for name, path in sorted(found.items())]})


def _reports(served: Served, space: str) -> dict[str, Path]:
    """Return the folders that hold a report, by name: the folder of reports itself, and those in it."""
    folder = served.reports
    if folder is None or space != OWNER:  # what was examined belongs to the one who runs the server
        return {}
    there = [folder, *sorted(folder.iterdir())] if folder.is_dir() else []
    return {path.name or "report": path for path in there if (path / "report.json").is_file()}


def _report(request: Request) -> Path:
    found = _reports(served_of(request), request.state.space)
    name = request.path_params["exam"]
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
        "headline": data.get("headline") or headline(data),
    }


async def exam(request: Request) -> Response:
    """Return a report without its items: those are fetched row by row."""
    data = await asyncio.to_thread(_read, _report(request))
    whole = data.get("exam") or {}
    rungs = [{key: value for key, value in row.items() if key != "records"} for row in whole.get("rungs", ())]
    kept = {key: value for key, value in whole.items() if key not in ("items", "prompts", "rungs")}
    return Plain({**data, "title": data.get("title", ""), "exam": {**kept, "rungs": rungs}, "page": _page(request)})


def _page(request: Request) -> str | None:
    """Return where the report's own page is, with a ticket where a key is asked for; None where there is none."""
    served, name = served_of(request), request.path_params["exam"]
    if not (_report(request) / "index.html").is_file():
        return None
    path = f"/reports/{name}"
    ticket = f"?ticket={served.tickets.issue(path, time.monotonic())}" if served.keys else ""
    return quote(path) + ticket


async def items(request: Request) -> Response:
    """Return some records of one row, with what was asked and what is true."""
    data = await asyncio.to_thread(_read, _report(request))
    whole = data.get("exam") or {}
    rows = {row["name"]: row for row in whole.get("rungs", ())}
    name = request.query_params.get("row", next(iter(rows), ""))
    if name not in rows:
        raise Refusal(404, str(UnknownName("row", name, rows)), code="row_not_found", param="row")
    known = {item["id"]: item for item in whole.get("items", ())}
    offset, records, prompts = number(request, "offset"), rows[name].get("records", []), whole.get("prompts", [])
    some = []
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

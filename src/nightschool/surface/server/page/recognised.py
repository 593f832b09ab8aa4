"""What the page at / shows of the society: drawings and what explained them, as `nightschool recognise` left it, and
words that fought, as `nightschool concept fight` did."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nightschool.errors import UnknownName
from nightschool.surface.concepts.recognition_page import DATA
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.page.exams import folders
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import served_of


async def listed(request: Request) -> Response:
    """Return what was recognised, one entry for each folder, without the drawings."""
    found = await asyncio.to_thread(folders, served_of(request), request.state.space, DATA)
    return Plain({"recognitions": await asyncio.to_thread(lambda: [_summary(*each) for each in sorted(found.items())])})


async def one(request: Request) -> Response:
    """Return the drawings of one folder with each try to explain them."""
    found = await asyncio.to_thread(folders, served_of(request), request.state.space, DATA)
    name = request.path_params["recognition"]
    if name not in found:
        raise Refusal(404, str(UnknownName("recognition", name, found)), code="recognition_not_found")
    return Plain({"name": name, **await asyncio.to_thread(_read, found[name])})


def _summary(name: str, folder: Path) -> dict[str, Any]:
    try:
        data = _read(folder)
    except Refusal as refusal:
        return {"name": name, "broken": refusal.message}
    images = [{"image": each["image"], "said": each["said"]} for each in data["images"]]
    fights = [{"fight": each["fight"], "said": each["said"]} for each in data["fights"]]
    return {"name": name, "images": images, "fights": fights}


def _read(folder: Path) -> dict[str, Any]:
    file = folder / DATA
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        for each in data["images"]:
            _ = each["image"], each["said"], each["tries"], each["ink"]
        data.setdefault("fights", [])
        for each in data["fights"]:
            _ = each["fight"], each["said"], each["concepts"], each["ports"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Refusal(
            404, f"what was recognised in {file} cannot be read: {error}", code="recognition_not_found"
        ) from error
    return dict(data)

"""What the page at / shows of minds: nights out of the ledger, and what may be asked for."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from nightschool import registry
from nightschool.errors import UnknownName
from nightschool.sleep.ledger import Ledger
from nightschool.sleep.night import Night
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.asked import number
from nightschool.surface.server.minds import BARE
from nightschool.surface.server.served import Served, served_of
from nightschool.surface.server.wire import WakeRequest, read

WEB = Path(__file__).parent.parent / "web"
_AT_ONCE = 50


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

"""Endpoints for the memories of a space: looked at, searched, added, changed, forgotten."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from nightschool.surface.server.answering import Plain
from nightschool.surface.server.page.asked import number
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import served_of
from nightschool.surface.server.wire import MemoryChange, MemoryRequest, ignored, read

_AT_ONCE = 50


async def listed(request: Request) -> Response:
    """Return memories of this space, newest first; with `q`, those that it calls up, best first."""
    rooms, space, cue = served_of(request).rooms, request.state.space, request.query_params.get("q", "").strip()
    if cue:
        return Plain(await asyncio.to_thread(rooms.search, space, cue, _AT_ONCE))
    return Plain(await asyncio.to_thread(rooms.page, space, number(request, "offset"), _AT_ONCE))


async def one(request: Request) -> Response:
    """Return a memory, how it fades, and what it is linked to."""
    rooms = served_of(request).rooms
    return Plain(await asyncio.to_thread(rooms.one, request.state.space, request.path_params["memory"]))


async def add(request: Request) -> Response:
    """Keep a text."""
    asked = read(MemoryRequest, await request.body())
    rooms, space = served_of(request).rooms, request.state.space
    kept = await asyncio.to_thread(rooms.add, space, asked.text, asked.tags or (), bool(asked.marked))
    return Plain(kept, headers=ignored(asked))


async def change(request: Request) -> Response:
    """Change the text, the tags or the mark of a memory."""
    asked = read(MemoryChange, await request.body())
    if asked.text is None and asked.tags is None and asked.marked is None:
        raise Refusal(400, "nothing is to be changed: give text, tags or marked", code="missing")
    rooms, space, id = served_of(request).rooms, request.state.space, request.path_params["memory"]
    kept = await asyncio.to_thread(rooms.change, space, id, asked.text, asked.tags, asked.marked)
    return Plain(kept, headers=ignored(asked))


async def drop(request: Request) -> Response:
    """Forget a memory, with all that was made of it."""
    rooms = served_of(request).rooms
    gone = await asyncio.to_thread(rooms.drop, request.state.space, request.path_params["memory"])
    return Plain({"forgotten": list(gone.ids), "vectors": gone.vectors, "links": gone.links})

"""The page at /, the files that it is made of, and what may be asked for."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from nightschool import registry
from nightschool.exam.report import LOOK
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.served import served_of

WEB = Path(__file__).parents[2] / "web"


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


class Assets(StaticFiles):
    """The page's own files, and those that it shares with reports."""

    def __init__(self) -> None:
        super().__init__(directory=WEB)
        self.all_directories = [WEB, LOOK]

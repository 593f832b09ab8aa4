"""The application: which endpoint answers at which path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from nightschool.errors import UnknownName
from nightschool.surface.server import metrics, openapi
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.guard import Guard
from nightschool.surface.server.page import exams, memories, nights, pages, recognised
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, served_of
from nightschool.surface.server.v1.chat import chat
from nightschool.surface.server.v1.completions import complete
from nightschool.surface.server.v1.embeddings import embed

_BORN = 1_700_000_000  # the protocol wants a date; weights have none, and one that never changes can be cached


async def models(request: Request) -> Response:
    """List the minds."""
    listed = await asyncio.to_thread(served_of(request).minds.listed, request.state.space)
    return Plain({"object": "list", "data": [_model(name, model, night) for name, model, night in listed]})


async def model(request: Request) -> Response:
    """Tell of one mind; a name with +think(...) is none of the list, and is one all the same."""
    minds = served_of(request).minds
    meant = await minds.meant(request.path_params["model"], None, request.state.space)
    minds.search(meant)
    return Plain(_model(meant.name, meant.engine.name, meant.night.name if meant.night else None))


def _model(name: str, model: str, night: str | None) -> dict[str, object]:
    return {
        "id": name, "object": "model", "created": _BORN, "owned_by": "nightschool",
        "nightschool": {"model": model, "night": night},
    }  # fmt: skip


async def health(request: Request) -> Response:
    """Tell whether the server answers."""
    engines = served_of(request).minds.engines
    return Plain({"status": "ok", "models": {name: {"requests": len(e)} for name, e in engines.items()}})


async def measured(request: Request) -> Response:
    """Tell what was counted."""
    served = served_of(request)
    return Response(served.metrics.page(list(served.minds.engines.values())), media_type=metrics.TYPE)


async def document(request: Request) -> Response:
    """Return the OpenAPI document."""
    return Plain(openapi.document())


def application(
    served: Served,
    *,
    hosts: tuple[str, ...] = (),
    body_bytes: int = 4 << 20,
    body_s: float = 30.0,
    log: Callable[[str], None] = lambda line: None,
    complain: Callable[[Exception], None] = lambda error: None,
) -> Starlette:
    """Return the application that serves `served`; its engines start and stop with it.

    log: is given a line of JSON for each request; complain: is told of defects.
    """

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        engines = list(served.minds.engines.values())
        try:
            for engine in engines:
                await engine.start()
            yield
        finally:
            await served.relays.close()
            for engine in engines:
                await engine.stop()

    async def no_such(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = f"{request.method} {request.url.path}: {error.detail.lower()}"
        if error.status_code == 404:
            words = str(UnknownName("path", request.url.path, {route.path for route in routes}))
        return Refusal(error.status_code, words, code="not_found", headers=dict(error.headers or {})).response()

    routes = [
        Route("/", pages.page),
        Route("/v1/models", models),
        Route("/v1/models/{model:path}", model),
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/completions", complete, methods=["POST"]),
        Route("/v1/embeddings", embed, methods=["POST"]),
        Route("/api/state", pages.state),
        Route("/api/nights", nights.nights),
        Route("/api/nights/{night}", nights.night),
        Route("/api/nights/{night}/wake", nights.wake, methods=["POST"]),
        Route("/api/memories", memories.listed),
        Route("/api/memories", memories.add, methods=["POST"]),
        Route("/api/memories/{memory}", memories.one),
        Route("/api/memories/{memory}", memories.change, methods=["PATCH"]),
        Route("/api/memories/{memory}", memories.drop, methods=["DELETE"]),
        Route("/api/exams", exams.exams),
        Route("/api/exams/{exam}", exams.exam),
        Route("/api/exams/{exam}/items", exams.items),
        Route("/api/compare", exams.compared),
        Route("/api/recognitions", recognised.listed),
        Route("/api/recognitions/{recognition}", recognised.one),
        Route("/reports/{exam}", exams.report),
        Route("/healthz", health),
        Route("/metrics", measured),
        Route("/openapi.json", document),
    ]
    guard = Middleware(
        Guard, served=served, hosts=hosts, body_bytes=body_bytes, body_s=body_s, log=log, complain=complain
    )
    app = Starlette(
        routes=[*routes, Mount("/assets", pages.Assets())],
        middleware=[guard],
        exception_handlers={HTTPException: no_such},
        lifespan=life,
    )
    app.state.served = served
    return app

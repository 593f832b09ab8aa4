"""uvicorn around the application: connections that do not get on with it are closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from nightschool.errors import UsageError

HEADER_S = 10.0
"""How long a connection may take from its beginning to the end of its first request's headers."""


class _Impatient(H11Protocol):
    """A connection that is closed where no request comes of it: uvicorn itself waits for headers for ever."""

    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waits = self.loop.call_later(HEADER_S, self._close_idle)

    def _close_idle(self) -> None:
        begun: object = self.cycle  # uvicorn declares it as always there, and has None until a request has come
        if begun is None and not self.transport.is_closing():
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits is not None:
            self._waits.cancel()
        super().connection_lost(exc)


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one. Raises UsageError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; give another with --port, or 0 for any"
        ) from error
    listening.setblocking(False)
    return listening


def server(app: Starlette, ready: Callable[[], None]) -> Server:
    """Return what serves `app` until it is told to exit; requests in work then have some seconds to end.

    ready: is called once the models are there and requests are answered.
    """
    config = uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    return Server(config, ready)


def run(app: Starlette, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve `app` until SIGINT or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        server(app, ready).run(sockets=[listening])


class Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

"""What stands in front of every endpoint: sizes, times, keys, origins, headers, and one line of log for each request.

All of it is plain ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightschool.surface.server.keys import OWNER
from nightschool.surface.server.refusal import Refusal, refusal_of
from nightschool.surface.server.served import Served

OPEN_PATHS = ("/", "/healthz", "/openapi.json")
_DRAINED, _DRAIN_S = 16, 2.0  # how often its limit, and how long, a body that is too large is read to its end
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets in who may ask, in a form that can be read, and writes down what became of it.

    body_bytes: of a request at most; body_s: for its arrival; hosts: names by which this server may be called, empty
    for any: a page elsewhere cannot make a browser ask a server on this machine under a name of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        served: Served,
        body_bytes: int = 4 << 20,
        body_s: float = 30.0,
        hosts: tuple[str, ...] = (),
        log: Callable[[str], None] = lambda line: None,
        complain: Callable[[Exception], None] = lambda error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._served, self._clock = app, served, clock
        self._log, self._complain = log, complain
        self._body_bytes, self._body_s, self._hosts = body_bytes, body_s, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, id = self._clock(), 0, secrets.token_hex(8)
        state: dict[str, Any] = scope.setdefault("state", {})

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", _POLICY)
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check_origin(headers)
            state["space"], state["key"] = self._space(scope, headers)
            body = await self._body(scope, headers, receive)
            await self._app(scope, _replay(body, receive), tell)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.code == "internal_error":
                self._complain(error)
            if status == 0:
                await refusal.response()(scope, receive, tell)
        finally:
            self._write(scope, state, id, status, self._clock() - begun)

    def _check_origin(self, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            raise Refusal(421, f"this server is not called {host!r}; it is {' or '.join(self._hosts)}", code="bad_host")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refusal(403, f"pages of {origin} may not ask this server", code="bad_origin")

    def _space(self, scope: Scope, headers: Headers) -> tuple[str, str | None]:
        keys, path = self._served.keys, scope["path"]
        if not keys or path in OPEN_PATHS or path.startswith("/assets/"):
            return OWNER, None
        ticket = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("ticket")
        if ticket is not None and scope["method"] in ("GET", "HEAD"):
            if self._served.tickets.opens(path, ticket, time.monotonic()):
                return OWNER, None  # only the owner is given tickets
            raise Refusal(401, "this link has expired; open the page anew", code="expired_link")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise Refusal(
                401, "this server asks for a key: send the header Authorization: Bearer KEY", code="missing_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        key = keys.find(given.strip())
        if key is None:
            raise Refusal(401, "this key opens nothing here", code="invalid_api_key",
                          headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        return key.space, key.name

    async def _body(self, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        length = headers.get("content-length", "0")
        bare = scope["method"] == "DELETE" and length == "0" and "transfer-encoding" not in headers
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE") or bare:
            return b""
        if len(length) > 15 or (length.isdigit() and int(length) > self._body_bytes):
            raise await self._too_large(receive)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(415, f"send application/json, not {kind or 'nothing'}", code="unsupported_media_type")
        body = b""
        try:
            async with asyncio.timeout(self._body_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(499, "the client went away", code="client_gone")
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._body_bytes:
                        raise await self._too_large(receive, more)
        except TimeoutError:
            raise Refusal(408, f"the request was not there after {self._body_s:g} seconds", code="timeout",
                          headers={"Connection": "close"}) from None  # fmt: skip
        return body

    async def _too_large(self, receive: Receive, more: bool = True) -> Refusal:
        """Return the refusal, when the rest of a body that is not much too large was read and thrown away.

        A connection that is closed amid a body is reset, and a client that is still sending never sees the answer.
        """
        left = _DRAINED * self._body_bytes
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                while more and left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    more = message["type"] == "http.request" and message.get("more_body", False)
        return Refusal(413, f"a request may have {self._body_bytes} bytes", code="request_too_large",
                       headers={"Connection": "close"})  # fmt: skip

    def _write(self, scope: Scope, state: dict[str, Any], id: str, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "other")
        usage = state.get("usage")
        self._served.metrics.answered(path, status, seconds, usage)
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request": id,
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "key": state.get("key"),
            "model": state.get("model"),
        }
        if usage is not None:
            line |= {"prompt_tokens": usage.prompt_tokens, "sampled_tokens": usage.sampled_tokens}
        self._log(json.dumps(line))


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read, and then what else comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _name(host: str) -> str:
    """Return the host without its port."""
    return urlsplit(f"//{host}").hostname or ""


def loopback(host: str) -> bool:
    """Return whether only this machine reaches `host`."""
    return host in _LOOPBACK


LOOPBACK_NAMES = _LOOPBACK

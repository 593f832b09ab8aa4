"""One server: its connections, retries, and which optional fields it turned out not to understand."""

from __future__ import annotations

import asyncio
import email.utils
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import stamina

from nightschool.config import Endpoint
from nightschool.errors import EndpointError
from nightschool.models.openai_http.address import Address

OPTIONAL = ("stream_options", "top_logprobs", "logprobs", "seed", "min_p", "top_k")
"""Fields that may be left out for a server that refuses them; a `top_k` that was asked for is not among them."""
_RENAMED = {"max_tokens": "max_completion_tokens"}
_LONGEST_WAIT_S = 120.0

logging.getLogger("stamina").addHandler(logging.NullHandler())  # a library does not write to the terminal by itself


class Status(EndpointError):
    """A server answered with an error. status: of HTTP; message: what it said."""

    def __init__(self, where: str, status: int, message: str, wait_s: float | None = None) -> None:
        super().__init__(f"{where} answered {status}: {message}")
        self.status, self.message, self.wait_s = status, message, wait_s


class _Again(EndpointError):
    """Worth another request. wait_s: how long the server wants to be left alone."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Wire:
    """A server at `address`, spoken to from one event loop.

    key: sent as a bearer token, and shown nowhere; say: told once before anything leaves this machine, and once of
    each field that the server does not understand; wait_s: before the first retry.
    """

    def __init__(
        self, address: Address, settings: Endpoint, key: str | None, say: Callable[[str], None], wait_s: float = 0.5
    ) -> None:
        self.address, self.settings, self.dropped = address, settings, set[str]()
        self._renamed: dict[str, str] = {}
        self._say, self._wait_s, self._key = say, wait_s, key or ""
        self._announced = address.stays
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(settings.timeout_s, connect=min(10.0, settings.timeout_s), pool=None)
        limits = httpx.Limits(max_connections=settings.requests, max_keepalive_connections=settings.requests)
        self._client = httpx.AsyncClient(
            headers=headers, timeout=timeout, limits=limits, trust_env=not address.stays, follow_redirects=False
        )
        self._slots = asyncio.Semaphore(settings.requests)

    async def get(self, path: str, retries: int | None = None) -> Any:
        """Return the JSON at `path`. Raises EndpointError."""
        async with self._slots:
            response = await self._opened("GET", path, None, retries)
            return await self._json(response)

    async def post(
        self, path: str, body: Mapping[str, Any], retries: int | None = None, needed: Collection[str] = ()
    ) -> Any:
        """Return the JSON that `body` is answered with. needed: fields never to be left out. Raises EndpointError."""
        async with self._slots:
            response = await self._opened("POST", path, body, retries, needed)
            return await self._json(response)

    @asynccontextmanager
    async def stream(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
        """Give the chunks of an answer as they come; one chunk from a server that does not stream.

        Leaving the context closes the connection. Raises EndpointError, before the first chunk or amid them.
        """
        async with self._slots:
            response = await self._opened("POST", path, body, None)
            try:
                yield self._chunks(response)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _opened(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        retries: int | None,
        needed: Collection[str] = (),
    ) -> httpx.Response:
        """Return a response whose headers are there and good; retried while that may help."""
        attempts = 1 + (self.settings.retries if retries is None else retries)
        context = stamina.retry_context(
            on=_backoff,
            attempts=attempts,
            timeout=None,
            wait_initial=self._wait_s,
            wait_jitter=self._wait_s,
            wait_max=30.0,
        )
        async for attempt in context:
            with attempt:
                return await self._negotiated(method, path, body, needed)
        raise AssertionError("unreachable: stamina lets the last error through")

    async def _negotiated(
        self, method: str, path: str, body: Mapping[str, Any] | None, needed: Collection[str]
    ) -> httpx.Response:
        while True:
            try:
                return await self._once(method, path, self._understood(body))
            except Status as error:
                if (
                    error.status not in (400, 422)
                    or body is None
                    or not self._give_up_a_field(body, error.message, needed)
                ):
                    raise

    def _understood(self, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if body is None:
            return None
        kept = {key: value for key, value in body.items() if key not in self.dropped}
        return {self._renamed.get(key, key): value for key, value in kept.items()}

    def _give_up_a_field(self, body: Mapping[str, Any], message: str, needed: Collection[str]) -> bool:
        """Note a field that the server does not understand; False where none of them can be left out."""
        for old, new in _RENAMED.items():
            if new in message and old in body and old not in self._renamed:
                self._renamed[old] = new
                return True
        named = [key for key in OPTIONAL if key in body and key not in self.dropped and key in message]
        named = [key for key in named if key not in needed and (key != "top_k" or not body[key])]
        for key in named:
            self.dropped.add(key)
            if key == "seed":
                self._say(f"{self.address.host} takes no seeds: its draws will not come again")
        return bool(named)

    async def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        if not self._announced:
            self._announced = True
            self._say(f"prompts and answers go to {self.address.host}, which is not this machine")
        where = f"{method} {self.address.url}{path}"
        request = self._client.build_request(method, self.address.url + path, json=body)
        try:
            response = await self._client.send(request, stream=True)
        except httpx.TimeoutException as error:
            raise _Again(f"{where} did not answer within {self.settings.timeout_s:g} s") from error
        except httpx.RequestError as error:
            raise _Again(f"{where} failed: {_words(error)}") from error
        if response.status_code == 200:
            return response
        try:
            message = self._hidden(_message(await response.aread()))
        except httpx.HTTPError as error:
            message = _words(error)
        finally:
            await response.aclose()
        if response.status_code in (401, 403):
            message += f" (the key is read from the environment variable {self.settings.key_variable})"
        raise Status(where, response.status_code, message, _retry_after(response))

    async def _json(self, response: httpx.Response) -> Any:
        try:
            content = await response.aread()
        except httpx.HTTPError as error:
            raise EndpointError(f"{self.address.url} broke off: {_words(error)}") from error
        finally:
            await response.aclose()
        return self._read(content)

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[Any]:
        if "event-stream" not in response.headers.get("content-type", ""):
            yield await self._json(response)
            return
        try:
            async for line in response.aiter_lines():
                if not line.startswith("data:"):  # comments, event names and blank lines
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":  # read on to the true end: a connection not read out is not used again
                    continue
                yield self._read(data)
        except httpx.TimeoutException as error:
            raise EndpointError(f"{self.address.url} fell silent for {self.settings.timeout_s:g} s") from error
        except httpx.HTTPError as error:
            raise EndpointError(f"{self.address.url} broke off: {_words(error)}") from error

    def _read(self, text: str | bytes) -> Any:
        try:
            value = json.loads(text)
        except ValueError as error:
            shown = text[:80] if isinstance(text, str) else text[:80].decode(errors="replace")
            raise EndpointError(f"{self.address.url} sent what is no JSON: {self._hidden(shown)!r}") from error
        if not isinstance(value, dict):
            raise EndpointError(f"{self.address.url} sent {type(value).__name__} where an object belongs")
        if value.get("error"):
            raise EndpointError(f"{self.address.url} failed: {self._hidden(_message(json.dumps(value)))}")
        return value

    def _hidden(self, text: str) -> str:
        """Return `text` without the key, which some servers quote back."""
        return text.replace(self._key, "[key]") if self._key else text


def _backoff(error: Exception) -> bool | float:
    if isinstance(error, Status):
        if (error.status not in (408, 409, 425, 429) and error.status < 500) or error.status == 501:
            return False
        if error.wait_s is not None:
            return error.wait_s if error.wait_s <= _LONGEST_WAIT_S else False
        return True
    return isinstance(error, _Again)


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a server asks for, as a number or as a date."""
    text = response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _message(content: str | bytes) -> str:
    """Return the words in the body of an error, whatever its shape."""
    text = content if isinstance(content, str) else content.decode(errors="replace")
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = text
    for key in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    words = value if isinstance(value, str) else json.dumps(value)
    return " ".join(words.split())[:300] or "nothing"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__

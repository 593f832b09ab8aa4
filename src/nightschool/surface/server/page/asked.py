"""What a client put into the address of a request."""

from __future__ import annotations

from starlette.requests import Request

from nightschool.surface.server.refusal import Refusal


def number(request: Request, name: str) -> int:
    """Return the number `name`, 0 where it is not given. Raises Refusal for what is none."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(400, f"{name} is a number, not {text!r}", code="invalid_request", param=name)
    return int(text)

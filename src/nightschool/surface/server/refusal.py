"""Errors as clients of this protocol expect them: a status, and a body with message, type, param and code."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from nightschool import errors
from nightschool.surface.server.engine import Busy


class Refusal(Exception):
    """An answer that is an error. message: said to the client; code, param: for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.headers = status, message, code, param, headers

    def body(self) -> dict[str, Any]:
        """Return the body of the response."""
        return {"error": {"message": self.message, "type": _type(self.status), "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """Return the response."""
        return JSONResponse(self.body(), self.status, self.headers)


def _type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return {
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
    }.get(status, "invalid_request_error")


def refusal_of(error: BaseException) -> Refusal:
    """Return what a client is told of `error`. A defect's own words stay with the server."""
    words = str(error)
    match error:
        case Refusal():
            return error
        case Busy():
            return Refusal(429, words, code="queue_full", headers={"Retry-After": "1"})
        case errors.PromptTooLong():
            return Refusal(400, words, code="context_length_exceeded", param="messages")
        case errors.UnknownName():
            if error.kind == "memory":
                return Refusal(404, words, code="memory_not_found")
            known = error.kind in ("model", "night")
            return Refusal(404 if known else 400, words, code="model_not_found" if known else "unknown_name")
        case errors.BadBudget():
            return Refusal(400, words, code="bad_budget", param="nightschool.budget")
        case errors.Unsupported() | errors.MissingDependency():
            return Refusal(400, words, code="unsupported")
        case errors.UsageError():
            return Refusal(400, words, code="invalid_request")
        case errors.NightError():
            return Refusal(409, words, code="night_error")
        case errors.EndpointError():
            return Refusal(502, words, code="endpoint_error")
        case errors.NightschoolError():
            return Refusal(500, words, code="model_error")
        case ConnectionAbortedError():
            return Refusal(503, words, code="shutting_down", headers={"Retry-After": "5"})
        case _:
            return Refusal(500, "the server failed at this; its log says why", code="internal_error")

"""The OpenAPI document, made of the same models that check what clients send."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from nightschool.surface.server.wire import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    MemoryChange,
    MemoryRequest,
    WakeRequest,
)

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_REFUSALS = {
    "400": "what was asked for makes no sense, or cannot be done here",
    "401": "no key, or one that opens nothing",
    "403": "a page of another origin",
    "404": "no such mind, night or report",
    "408": "the request did not arrive in time",
    "409": "a night that cannot be used",
    "413": "a body that is too large",
    "415": "a body that is not JSON",
    "421": "a name that is not this server's",
    "429": "too many requests wait; Retry-After says when to come again",
    "502": "the model failed",
    "503": "the server is shutting down",
}


def _content(schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"content": {kind: {"schema": schema}}}


def _object(*required: str) -> dict[str, Any]:
    return {"type": "object", "required": list(required)}


def _operation(id: str, summary: str, answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    refused = {
        status: {"description": words, **_content({"$ref": "#/components/schemas/Error"})}
        for status, words in _REFUSALS.items()
    }
    answers = {"200": {"description": "done", **answer}, **refused}
    return {"operationId": id, "summary": summary, "responses": answers, **more}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"required": True, **_content({"$ref": f"#/components/schemas/{model.__name__}"})}}


def _streamed(*required: str) -> dict[str, Any]:
    both = _content(_object(*required))
    both["content"]["text/event-stream"] = {"schema": {}}  # readers disagree whether it is of the text or of one event
    return both


def _named(where: str, name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name, "in": where, "required": where == "path", "description": what,
        "schema": schema or {"type": "string"},
    }  # fmt: skip


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    for model in (ChatRequest, CompletionRequest, EmbeddingRequest, MemoryChange, MemoryRequest, WakeRequest):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    chat = ("id", "object", "created", "model", "choices")
    night = _named("path", "night", "name of a night, or the beginning of one")
    memory = _named("path", "memory", "id of a memory, or the beginning of one")
    exam = _named("path", "exam", "name of a report")
    offset = _named("query", "offset", "how many to leave out", type="integer", minimum=0)
    row = _named("query", "row", "name of the exam's row")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nightschool",
            "version": version("nightschool"),
            "description": "Minds behind the OpenAI protocol; what is beyond it is in the field `nightschool`.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/v1/models": {"get": _operation("models", "List the minds.", _content(_object("object", "data")))},
            "/v1/models/{model}": {
                "get": _operation(
                    "model",
                    "Tell of one mind.",
                    _content(_object("id", "object")),
                    parameters=[_named("path", "model", "its name")],
                )
            },
            "/v1/chat/completions": {
                "post": _operation("chat", "Go on with a conversation.", _streamed(*chat), **_body(ChatRequest))
            },
            "/v1/completions": {
                "post": _operation("complete", "Go on with a text.", _streamed(*chat), **_body(CompletionRequest))
            },
            "/v1/embeddings": {
                "post": _operation(
                    "embed",
                    "Tell the hidden state at the end of texts.",
                    _content(_object("object", "data")),
                    **_body(EmbeddingRequest),
                )
            },
            "/api/state": {
                "get": _operation("state", "Tell what the page needs to know.", _content(_object("models")))
            },
            "/api/nights": {"get": _operation("nights", "List the nights.", _content(_object("nights")))},
            "/api/nights/{night}": {
                "get": _operation(
                    "night",
                    "Tell of one night and its lessons.",
                    _content(_object("night", "lessons")),
                    parameters=[night, offset],
                )
            },
            "/api/nights/{night}/wake": {
                "post": _operation(
                    "wake",
                    "Have a model answer with this night; `none`: with its own weights.",
                    _content(_object("nights")),
                    parameters=[night],
                    **_body(WakeRequest),
                )
            },
            "/api/memories": {
                "get": _operation(
                    "memories",
                    "List what this space remembers, newest first; with `q`, what it calls up.",
                    _content(_object("count", "memories")),
                    parameters=[offset, _named("query", "q", "a cue")],
                ),
                "post": _operation("remember", "Keep a text.", _content(_object("id")), **_body(MemoryRequest)),
            },
            "/api/memories/{memory}": {
                "get": _operation(
                    "memory",
                    "Tell of one memory, how it fades and what it is linked to.",
                    _content(_object("id", "curve", "links")),
                    parameters=[memory],
                ),
                "patch": _operation(
                    "change_memory",
                    "Change the text, the tags or the mark of a memory.",
                    _content(_object("id")),
                    parameters=[memory],
                    **_body(MemoryChange),
                ),
                "delete": _operation(
                    "forget",
                    "Forget a memory, with all that was made of it.",
                    _content(_object("forgotten")),
                    parameters=[memory],
                ),
            },
            "/api/exams": {"get": _operation("exams", "List the reports.", _content(_object("exams")))},
            "/api/exams/{exam}": {
                "get": _operation("exam", "Tell of one report.", _content(_object("title")), parameters=[exam])
            },
            "/api/exams/{exam}/items": {
                "get": _operation(
                    "items", "Tell of a row item by item.", _content(_object("items")), parameters=[exam, row, offset]
                )
            },
            "/api/compare": {
                "get": _operation(
                    "compare",
                    "Compare two reports on the same task, item by item.",
                    _content(_object("pairs")),
                    parameters=[_named("query", side, "name of a report") for side in ("first", "second")],
                )
            },
            "/api/recognitions": {
                "get": _operation("recognitions", "List what was recognised.", _content(_object("recognitions")))
            },
            "/api/recognitions/{recognition}": {
                "get": _operation(
                    "recognition",
                    "Tell what explained some drawings.",
                    _content(_object("name", "images")),
                    parameters=[_named("path", "recognition", "its name")],
                )
            },
            "/healthz": {"get": _operation("health", "Tell whether the server answers.", _content(_object("status")))},
            "/metrics": {
                "get": _operation("metrics", "Counters for Prometheus.", _content({"type": "string"}, "text/plain"))
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"key": []}],
    }

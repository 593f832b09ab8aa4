"""What clients may send, checked field by field.

Fields that are unknown here, or that change nothing, are taken and named in a header (`x-nightschool-ignored`). Fields
that would change the answer and cannot be followed are refused: an answer that ignores them would be a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightschool.surface.server.refusal import Refusal

_Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Name = Annotated[str, Field(min_length=1, max_length=1000)]
_Stop = Annotated[str, Field(min_length=1, max_length=1000)]
_Word = Annotated[str, Field(max_length=100)]
_Words = Annotated[str, Field(max_length=4000)]


class Extension(BaseModel):
    """How to think, beyond what the protocol knows."""

    model_config = ConfigDict(extra="forbid", strict=True)
    strategy: _Words | None = Field(None, description="as `nightschool ls strategies`: best-of-n:n=16, or best_of=16")
    critic: _Words | None = Field(None, description="who judges: regex:pattern=[0-9]+, or all(C; C)")
    step_critic: _Words | None = Field(
        None, description="who judges the beginnings of an answer, for strategies that go step by step: beam, mcts, smc"
    )
    budget: _Words | None = Field(None, description="what it may spend: 2000tok,30s")
    memory: bool | None = Field(
        None, description="recall what this space remembers, and remember what is said; off where it is not given"
    )
    session: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="names the conversation in memory; a new one for each request where it is not given"
    )
    events: bool | None = Field(None, description="every thought as it comes, in a field `nightschool` of the chunks")


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Part(_Open):
    """A piece of a message."""

    type: _Word
    text: Annotated[str | None, Field(description="for parts of type text; others go to endpoints alone")] = None


class ChatMessage(_Open):
    """One turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """Return what was said."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "".join(part.text or "" for part in self.content)


class StreamOptions(_Open):
    """How to stream."""

    include_usage: bool | None = None


class JsonSchema(_Open):
    """A schema that the answer must keep."""

    name: str = "answer"
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None
    description: str | None = None


class ResponseFormat(_Open):
    """What form the answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class _Sampled(_Open):
    model: _Name = Field(description="a mind: smollm2, smollm2@night-NAME, smollm2+think(best_of=16)")
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    top_k: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    max_tokens: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    stop: _Stop | Annotated[list[_Stop], Field(max_length=16)] | None = None
    seed: _Int64 | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)] | None = None
    logit_bias: dict[str, float] | None = None
    nightschool: Extension | None = None

    def stops(self) -> tuple[str, ...]:
        """Return the stop strings."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class ChatRequest(_Sampled):
    """A conversation to go on with."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None


class CompletionRequest(_Sampled):
    """A text to go on with."""

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    echo: bool | None = None
    best_of: Annotated[int, Field(ge=1, le=128)] | None = None


class EmbeddingRequest(_Open):
    """Texts whose states are wanted."""

    model: _Name
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None


_Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)]


class MemoryRequest(_Open):
    """A text to be kept. tags: in place of those that it would be given; marked: it matters, and fades slowly."""

    text: Annotated[str, Field(min_length=1)]
    tags: _Tags | None = None
    marked: bool | None = None


class MemoryChange(_Open):
    """What is to be changed of a memory."""

    text: Annotated[str, Field(min_length=1)] | None = None
    tags: _Tags | None = None
    marked: bool | None = None


class WakeRequest(_Open):
    """Which model is to wake bare, where no night is named."""

    model: _Name | None = None


R = TypeVar("R", bound=_Open)
_LISTED, _LONGEST = 20, 60  # a header has to stay small, and in ASCII, whatever a client made up


def read(kind: type[R], body: bytes) -> R:
    """Return the request in `body`. Raises Refusal, naming the first field that is wrong and what it was."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        param = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("constrained-", "list[")))
        where = f"{param}: " if param else ""
        raise Refusal(400, f"{where}{first['msg']}", code=first["type"], param=param or None) from None


def ignored(asked: _Open, names: Sequence[str] | None = None) -> dict[str, str]:
    """Return a header that names fields of a request that change nothing; no header where there are none.

    names: which those are, None for all that are unknown here.

    Names are percent-encoded: a client may send any text as one, and a header holds little of it.
    """
    unknown = sorted(asked.model_extra or ()) if names is None else names
    listed = [quote(name, safe="", errors="surrogatepass")[:_LONGEST] for name in unknown]
    if len(listed) > _LISTED:
        listed = [*listed[:_LISTED], f"and {len(listed) - _LISTED} more"]
    return {"x-nightschool-ignored": ", ".join(listed)} if listed else {}


def refuse_contradictions(asked: _Sampled) -> None:
    """Raise Refusal for fields that do not go together."""
    if asked.stream_options is not None and not asked.stream:
        raise Refusal(400, "stream_options goes with stream: true", code="invalid_request", param="stream_options")

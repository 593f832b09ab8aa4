"""From asks to requests, and from the many shapes of replies to one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nightschool.asks import Propose
from nightschool.errors import EndpointError
from nightschool.items import Prefix

CHAT, COMPLETIONS = "/chat/completions", "/completions"
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}
"""How vLLM and SGLang are told that the last message is to go on; llama-server and Ollama do so anyway."""
TOP = 5
"""How many likeliest tokens are asked for when weighing: as many as every server gives."""


def path_of(prefix: Prefix) -> str:
    """Return where a prefix is continued: documents and conversations have doors of their own."""
    return CHAT if prefix.prompt.text is None else COMPLETIONS


def document(prefix: Prefix) -> str:
    """Return the text of a document with what was written behind it."""
    return (prefix.prompt.text or "") + prefix.prompt.prefill + prefix.text


def propose_body(ask: Propose, numbers: Sequence[int], model: str) -> dict[str, Any]:
    """Return the request for the draws `numbers` of `ask`.

    Stop strings are not sent: servers leave out which one it was, or that it was one. The seed is that of the first.
    A schema is put as llama.cpp has it; for other servers a draw has none.
    """
    sampling = ask.sampling
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,  # 0 said aloud: some servers cut to the likeliest 40 unless told otherwise
        "min_p": 0.0,
        "seed": ask.noise.child(numbers[0]).key() & 0x7FFFFFFF,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if len(numbers) > 1:
        body["n"] = len(numbers)
    if sampling.json_schema is not None:
        body["json_schema"] = json.loads(sampling.json_schema)
    said = messages(ask.prefix)
    if said is None:
        return body | {"prompt": document(ask.prefix), "logprobs": 1}
    return body | said | {"logprobs": True, "top_logprobs": 1}


def messages(prefix: Prefix) -> dict[str, Any] | None:
    """Return the part of a request that has the conversation, with what was begun of its answer; None for documents."""
    if prefix.prompt.text is not None:
        return None
    turns = [{"role": message.role, "content": message.content} for message in prefix.prompt.messages]
    begun = prefix.prompt.prefill + prefix.text
    if not begun:
        return {"messages": turns}
    return {"messages": [*turns, {"role": "assistant", "content": begun}], **CONTINUE}


def weigh_body(text: str, model: str) -> dict[str, Any]:
    """Return the request that has `text` weighed; one token more is sampled, as servers refuse to sample none."""
    return {"model": model, "prompt": text, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": TOP}


class Token(NamedTuple):
    """A sampled token as a server tells of it; id: where it says."""

    text: str
    logp: float
    id: int | None


class Piece(NamedTuple):
    """What one chunk added to one draw. place: which of the request's draws; tokens: None where they are not told."""

    place: int
    text: str
    thought: str
    tokens: tuple[Token, ...] | None
    finish: str | None


def pieces(chunk: Mapping[str, Any]) -> list[Piece]:
    """Return what a chunk, or a whole reply, brings. Raises EndpointError for what is no reply."""
    try:
        return [_piece(choice) for choice in chunk.get("choices") or ()]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise EndpointError(f"a reply of an unknown shape ({type(error).__name__}: {error})") from error


def _piece(choice: Mapping[str, Any]) -> Piece:
    said = choice.get("delta") or choice.get("message") or {}
    text = choice.get("text") if "text" in choice else said.get("content")
    thought = said.get("reasoning_content") or said.get("reasoning") or ""
    return Piece(int(choice.get("index") or 0), text or "", thought, _tokens(choice), choice.get("finish_reason"))


def _tokens(choice: Mapping[str, Any]) -> tuple[Token, ...] | None:
    told = choice.get("logprobs")
    if not told:
        return None
    if told.get("content") is not None:
        return tuple(Token(t["token"], float(t["logprob"]), t.get("id")) for t in told["content"])
    if told.get("tokens") and told.get("token_logprobs"):
        pairs = zip(told["tokens"], told["token_logprobs"], strict=True)
        return tuple(Token(token, float(logp), None) for token, logp in pairs)
    return None


class Counts(NamedTuple):
    """What a server says that it counted; 0 where it does not say."""

    prompt: int
    sampled: int


NOTHING = Counts(0, 0)


def counts(chunk: Mapping[str, Any]) -> Counts | None:
    """Return the usage in a chunk, if there is any that can be read."""
    usage = chunk.get("usage")
    if not isinstance(usage, Mapping):
        return None
    numbers = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    return Counts(*(number if isinstance(number, int) and number >= 0 else 0 for number in numbers))


class Echo(NamedTuple):
    """The tokens of a continuation that was weighed. ranks: TOP stands for TOP or worse."""

    logps: tuple[float, ...]
    ranks: tuple[int, ...]


def echo(reply: Mapping[str, Any], before: str, continuation: str) -> Echo:
    """Return what a reply to `weigh_body(before + continuation)` says of the continuation.

    Raises EndpointError where the server did not weigh, or a token lies across the border between the two texts.
    """
    try:
        told = reply["choices"][0]["logprobs"]
        tokens, logps = told["tokens"], told["token_logprobs"]
        offsets = told.get("text_offset") or _offsets(tokens)
        tops = told.get("top_logprobs") or [None] * len(tokens)
        start, end = len(before), len(before) + len(continuation)
        inside = [i for i, at in enumerate(offsets) if start <= at < end]
        if inside and (offsets[inside[0]] != start or [*offsets, end][inside[-1] + 1] != end):
            raise EndpointError("a token lies across the border of the weighed text; end the prompt at a word's end")
        if not inside:
            raise EndpointError("the server did not echo the text, so it was not weighed")
        return Echo(tuple(float(logps[i]) for i in inside), tuple(_rank(logps[i], tokens[i], tops[i]) for i in inside))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise EndpointError(f"the server did not weigh the text ({type(error).__name__}: {error})") from error


def _offsets(tokens: Sequence[str]) -> list[int]:
    offsets = [0]
    for token in tokens[:-1]:
        offsets.append(offsets[-1] + len(token))
    return offsets


def _rank(logp: float, token: str, top: Mapping[str, float] | None) -> int:
    if not top:
        return TOP
    better = sum(other > logp for other in top.values())
    return better if token in top or better < len(top) else TOP

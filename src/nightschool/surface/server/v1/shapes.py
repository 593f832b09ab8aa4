"""Answers in the form of the protocol: choices, chunks, log-probabilities, usage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nightschool.items import Draw, Segment, Thought, Usage, Verdict
from nightschool.surface.server.v1.told import Told

FINISH = {"end": "stop", "stop": "stop", "length": "length", "cancelled": "length", "error": "error"}
"""How a draw ended, as the protocol says it: what a budget or a time limit cut was cut by length."""


def pieces(decode: Any, segment: Segment) -> list[str]:
    """Return the text of each token of `segment`, in order; together they are what the tokens wrote.

    A character that several tokens make up belongs to the last of them.
    """
    tokens = list(segment.tokens or ())
    texts: list[str] = []
    begin = done = 0  # what was written last is the context in which the next is read: no text is read from its start
    for end in range(1, len(tokens) + 1):
        now = decode(tokens[begin:end])
        if now.endswith("\N{REPLACEMENT CHARACTER}") and end < len(tokens):
            texts.append("")
            continue
        texts.append(now[len(decode(tokens[begin:done])) if done else 0 :])
        begin, done = done, end
    return texts


def chat_logprobs(told: Told, at: slice = slice(None)) -> dict[str, Any]:
    """Return the log-probabilities of a message, or of the tokens `at` some places of it, in nats at temperature 1."""
    tops = told.tops or ((),) * len(told.texts)
    content = [
        {**_entry(text, logp), "top_logprobs": [_entry(*each) for each in top]}
        for text, logp, top in zip(told.texts[at], told.logps[at], tops[at], strict=True)
    ]
    return {"content": content, "refusal": None}


def _entry(text: str, logp: float | None) -> dict[str, Any]:
    return {"token": text, "logprob": _finite(logp), "bytes": list(text.encode("utf-8", "replace"))}


def _finite(logp: float | None) -> float:
    return max(logp or 0.0, -9999.0)


def text_logprobs(told: Told, start: int = 0) -> dict[str, Any]:
    """Return the log-probabilities of a plain text that begins at character `start`."""
    offsets, at = [], start
    for text in told.texts:
        offsets.append(at)
        at += len(text)
    tops = [
        None if logp is None else _by_text(spelled, logp, row)
        for spelled, logp, row in zip(told.spelled, told.logps, told.tops, strict=True)
    ] if told.tops else None  # fmt: skip
    return {
        "tokens": list(told.texts),
        "token_logprobs": [None if logp is None else _finite(logp) for logp in told.logps],
        "top_logprobs": tops,
        "text_offset": offsets,
    }


def _by_text(spelled: str, logp: float, row: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return log-probabilities by text: those of `row`, likeliest first, and of the token itself.

    Of tokens that look alike (parts of characters) the likeliest is told.
    """
    found: dict[str, float] = {}
    for text, value in (*row, (spelled, logp)):
        found.setdefault(text, _finite(value))
    return found


def usage(prompt_tokens: int, sampled_tokens: int, answer_tokens: int | None = None) -> dict[str, Any]:
    """Return what was spent. answer_tokens: those of the answer alone, where others were sampled to find it."""
    counts: dict[str, Any] = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": sampled_tokens,
        "total_tokens": prompt_tokens + sampled_tokens,
    }
    if answer_tokens is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": max(0, sampled_tokens - answer_tokens)}
    return counts


def verdict_data(verdict: Verdict | None) -> dict[str, Any] | None:
    """Return a verdict as JSON."""
    return None if verdict is None else asdict(verdict)


def thought_data(thought: Thought) -> dict[str, Any]:
    """Return a thought as JSON. said: what it adds to its parent; answer: what a critic is shown; value: its score as
    a step on the way, where the search has one.
    """
    segments = thought.prefix.segments
    value = thought.value if isinstance(thought.value, float) and math.isfinite(thought.value) else None
    return {
        "id": thought.id,
        "parent": thought.parent,
        "said": segments[-1].text if segments else "",
        "answer": thought.answer,
        "finish": thought.finish,
        "logp": thought.logp if thought.logp is not None and math.isfinite(thought.logp) else None,
        "value": value,
        "verdict": verdict_data(thought.verdict),
    }


def thought_line(thought: Thought, *, again: bool = False) -> str:
    """Return a thought in words, as a line of what a mind shows of its thinking; `again`: only what is new of it."""
    segments = thought.prefix.segments
    said = " ".join((segments[-1].text if thought.parent is not None and segments else thought.answer).split())
    verdict = thought.verdict
    words = ""
    if verdict is not None and verdict.error:
        words = f" [the critic failed: {verdict.error}]"
    elif verdict is not None:
        feedback = f": {verdict.feedback}" if verdict.feedback else ""
        words = f" [{'passed' if verdict.passed else f'score {verdict.score:.2g}'}{feedback}]"
    if again:
        return f"{thought.id}:{words}\n" if words else ""
    under = "" if thought.parent is None else f" after {thought.parent}"
    return f"{thought.id}{under}: {said}{words}\n"


def spent(used: Usage) -> dict[str, Any]:
    """Return all that was counted, by name."""
    return {**asdict(used), "seconds": round(used.seconds, 4)}


def finish_of(draw: Draw) -> str:
    """Return why a draw ended, as the protocol says it."""
    return FINISH[draw.finish]

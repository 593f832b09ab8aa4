"""Traces as plain data that JSON can hold, and back: nothing is lost, and a text is written once.

A thought is written as what it adds to its parent. Log-probabilities stay as they are, so a trace read back equals the
one that was written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from nightschool.errors import BadFile
from nightschool.items import (
    Item,
    Message,
    Noise,
    Prefix,
    Prompt,
    Sampling,
    Segment,
    Task,
    Thought,
    Trace,
    Usage,
    Verdict,
)

FORMAT = 1
"""Of what is written; a reader of another format says so instead of guessing."""


def trace_to_dict(trace: Trace) -> dict[str, Any]:
    """Return `trace` as mappings, lists, strings and numbers. Raises TypeError for a value that JSON cannot hold."""
    task, best = trace.task, trace.best
    return {
        "format": FORMAT,
        "strategy": trace.strategy,
        "task": {
            "item": {**asdict(task.item), "inputs": dict(task.item.inputs), "choices": list(task.item.choices)},
            "prompt": _prompt_to_dict(task.prompt),
            "sampling": {**asdict(task.sampling), "stop": list(task.sampling.stop)},
            "adapter": task.adapter,
        },
        "noise": list(trace.noise.words),
        "thoughts": [_thought_to_dict(thought, trace) for thought in trace.thoughts],
        "best": None if best is None else {"id": best.id, "value": _plain(best.value)},
        "usage": asdict(trace.usage),
        "stopped": trace.stopped,
        "errors": list(trace.errors),
        "notes": list(trace.notes),
    }


def trace_from_dict(data: Mapping[str, Any]) -> Trace:
    """Return the trace that `trace_to_dict` wrote. Raises BadFile for anything else."""
    if data.get("format") != FORMAT:
        raise BadFile(f"a trace of format {data.get('format')!r}; this version reads format {FORMAT}")
    try:
        task = _task_from_dict(data["task"])
        thoughts: list[Thought] = []
        for written in data["thoughts"]:
            thoughts.append(_thought_from_dict(written, task.prompt, thoughts))
        best = data["best"]
        return Trace(
            task=task,
            strategy=data["strategy"],
            noise=Noise(tuple(data["noise"])),
            thoughts=tuple(thoughts),
            best=None if best is None else replace(thoughts[best["id"]], value=best["value"]),
            usage=Usage(**data["usage"]),
            stopped=data["stopped"],
            errors=tuple(data["errors"]),
            notes=tuple(data.get("notes", ())),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise BadFile(f"this is no trace, or a damaged one: {type(error).__name__}: {error}") from error


def _thought_to_dict(thought: Thought, trace: Trace) -> dict[str, Any]:
    segments: Sequence[Segment] = thought.prefix.segments
    parent = None if thought.parent is None else trace.thoughts[thought.parent].prefix
    continues = parent is not None and _continues(thought.prefix, parent)
    if parent is not None and continues:
        segments = segments[len(parent.segments) :]
    written: dict[str, Any] = {
        "parent": thought.parent,
        "continues": continues,
        "segments": [_segment_to_dict(segment) for segment in segments],
        "answer": thought.answer,
        "finish": thought.finish,
        "logp": _number(thought.logp),
        "logw": _number(thought.logw),
        "verdict": None if thought.verdict is None else asdict(thought.verdict),
        "value": _plain(thought.value),
    }
    if not continues and thought.prefix.prompt != trace.task.prompt:
        written["prompt"] = _prompt_to_dict(thought.prefix.prompt)
    return written


def _thought_from_dict(data: Mapping[str, Any], prompt: Prompt, before: Sequence[Thought]) -> Thought:
    segments = tuple(_segment_from_dict(segment) for segment in data["segments"])
    if data["continues"]:
        parent = before[data["parent"]].prefix
        prefix = Prefix(parent.prompt, parent.segments + segments)
    else:
        prefix = Prefix(_prompt_from_dict(data["prompt"]) if "prompt" in data else prompt, segments)
    return Thought(
        id=len(before),
        parent=data["parent"],
        prefix=prefix,
        answer=data["answer"],
        finish=data["finish"],
        logp=_from_number(data["logp"]),
        logw=_from_number(data["logw"]) or 0.0,
        verdict=None if data["verdict"] is None else Verdict(**data["verdict"]),
        value=data["value"],
    )


def _continues(prefix: Prefix, parent: Prefix) -> bool:
    return prefix.prompt == parent.prompt and prefix.segments[: len(parent.segments)] == parent.segments


def _task_from_dict(data: Mapping[str, Any]) -> Task:
    item = {**data["item"], "choices": tuple(data["item"]["choices"])}
    sampling = {**data["sampling"], "stop": tuple(data["sampling"]["stop"])}
    return Task(Item(**item), _prompt_from_dict(data["prompt"]), Sampling(**sampling), data["adapter"])


def _prompt_to_dict(prompt: Prompt) -> dict[str, Any]:
    written: dict[str, Any] = {"prefill": prompt.prefill, "keys": sorted(prompt.keys)}
    if prompt.tokens is not None:
        written["tokens"] = list(prompt.tokens)
    if prompt.text is not None:
        return {**written, "text": prompt.text}
    return {**written, "messages": [asdict(message) for message in prompt.messages]}


def _prompt_from_dict(data: Mapping[str, Any]) -> Prompt:
    messages = tuple(Message(**message) for message in data.get("messages", ()))
    tokens = None if data.get("tokens") is None else tuple(data["tokens"])
    return Prompt(messages, data.get("text"), data["prefill"], frozenset(data["keys"]), tokens)


def _segment_to_dict(segment: Segment) -> dict[str, Any]:
    logps = None if segment.logps is None else [_number(logp) for logp in segment.logps]
    return {"text": segment.text, "tokens": None if segment.tokens is None else list(segment.tokens), "logps": logps}


def _segment_from_dict(data: Mapping[str, Any]) -> Segment:
    tokens, logps = data["tokens"], data["logps"]
    return Segment(
        data["text"],
        None if tokens is None else tuple(tokens),
        None if logps is None else tuple(-math.inf if logp == "-inf" else float(logp) for logp in logps),
    )


def _number(value: float | None) -> float | str | None:
    return "-inf" if value == -math.inf else value  # JSON has no infinity


def _from_number(value: float | str | None) -> float | None:
    return None if value is None else float(value)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"the value of a thought is a {type(value).__name__}; a trace keeps numbers, words and None")

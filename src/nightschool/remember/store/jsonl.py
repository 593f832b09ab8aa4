"""A whole store as lines of JSON, to keep, to read and to move: memories, vectors, links, deletions, feedback."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any, TextIO

import numpy as np

from nightschool.errors import BadFile, BadMemory
from nightschool.remember.memory import Link, LinkKind, Memory, Salience, Strength
from nightschool.remember.store.port import Entry, Feedback, Store, Vectors, Written

_FORMAT = 1


def export(store: Store, out: TextIO) -> int:
    """Return how many memories were written to `out`; `import_` makes the same store of them."""
    _line(out, "nightschool-memories", {"format": _FORMAT, "space": store.space})
    count = 0
    for memory in store.each():
        vectors = {name: _packed(rows) for name, rows in store.all_vectors(memory.id).items()}
        _line(out, "memory", {**asdict(memory), "id": memory.id, "vectors": vectors})
        # each link once, with the memory that it starts from
        for link in store.links([memory.id]):
            if link.source == memory.id:
                _line(out, "link", asdict(link))
        count += 1
    for feedback in store.feedback():
        _line(out, "feedback", asdict(feedback))
    return count


def import_(store: Store, lines: Iterable[str], name: str = "the file") -> Written:
    """Return what was added to `store` out of `lines`: all of them, in one transaction, or nothing.

    Memories that are there already stay as they are. name: what to call the lines in a complaint.

    Raises BadFile, naming the first line that is wrong.
    """
    numbered = enumerate(lines, 1)
    first = next(numbered, (1, ""))[1]
    head = _read(first, name, 1, _head)
    if head != _FORMAT:
        raise BadFile(f"{name}: memories of format {head}; this version reads format {_FORMAT}")
    feedback: list[Feedback] = []
    known = {each.time for each in store.feedback()}
    written = store.write(_entries(numbered, name, feedback))
    for each in feedback:
        if each.time not in known:
            store.add_feedback(each)
    return written


def _entries(numbered: Iterable[tuple[int, str]], name: str, feedback: list[Feedback]) -> Iterator[Entry]:
    """Give one entry for each memory, with the links on the lines behind it."""
    waiting: Entry | None = None
    for number, line in numbered:
        if not line.strip():
            continue
        kind, value = _read(line, name, number, _value)
        if kind == "memory":
            if waiting is not None:
                yield waiting
            waiting = value
        elif kind == "link" and waiting is not None:
            waiting = replace(waiting, links=(*waiting.links, value))
        elif kind == "feedback":
            feedback.append(value)
    if waiting is not None:
        yield waiting


def _read(line: str, name: str, number: int, made: Callable[[dict[str, Any]], Any]) -> Any:
    try:
        return made(json.loads(line))
    except (ValueError, KeyError, TypeError, BadMemory) as error:
        raise BadFile(f"{name}:{number}: not a line of exported memories: {error!r}; nothing was imported") from error


def _head(line: dict[str, Any]) -> int:
    return int(line["nightschool-memories"]["format"])


def _value(line: dict[str, Any]) -> tuple[str, Any]:
    ((kind, fields),) = line.items()
    if kind == "memory":
        return kind, _entry(fields)
    if kind == "link":
        return kind, Link(**{**fields, "kind": LinkKind(fields["kind"])})
    if kind == "feedback":
        return kind, Feedback(**fields)
    raise ValueError(f"a {kind}")


def _entry(fields: dict[str, Any]) -> Entry:
    id, vectors = fields.pop("id"), fields.pop("vectors")
    strength = Strength(**fields["strength"]) if fields["strength"] else None
    salience = Salience(**fields["salience"])
    memory = Memory(**{**fields, "tags": tuple(fields["tags"]), "salience": salience, "strength": strength})
    if memory.id != id:
        raise ValueError(f"the content of {id} was changed")
    return Entry(memory, {name: _unpacked(each) for name, each in vectors.items()})


def _packed(vectors: Vectors) -> dict[str, Any]:
    return {"dims": vectors.shape[1], "float16": base64.b64encode(vectors.astype(np.float16).tobytes()).decode()}


def _unpacked(packed: dict[str, Any]) -> Vectors:
    flat = np.frombuffer(base64.b64decode(packed["float16"]), np.float16)
    return flat.reshape(-1, packed["dims"]).astype(np.float32)


def _line(out: TextIO, kind: str, value: dict[str, Any]) -> None:
    out.write(json.dumps({kind: value}, ensure_ascii=False, allow_nan=False) + "\n")

"""Replies to weighing and reading as JSON, to be given again under another ask's id."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from nightschool.asks import Hidden, Weighed
from nightschool.items import Segment, Usage

Known = Weighed | Hidden


def to_json(reply: Known) -> str:
    """Return `reply` as text; its usage without seconds, which it will not take again."""
    usage = replace(reply.usage, seconds=0.0).as_tuple()
    if isinstance(reply, Hidden):
        state = base64.b64encode(np.ascontiguousarray(reply.state, dtype="<f4").tobytes()).decode("ascii")
        return json.dumps({"usage": usage, "state": state}, separators=(",", ":"))
    said = asdict(reply) | {"segments": [(s.text, s.tokens, s.logps) for s in reply.segments], "usage": usage}
    del said["id"]
    return json.dumps(said, separators=(",", ":"))


def from_json(text: str, id: str) -> Known:
    """Return what `to_json` wrote, as the reply to the ask `id`."""
    said = json.loads(text)
    usage = Usage(*said.pop("usage"))
    if "state" in said:
        state = np.frombuffer(base64.b64decode(said["state"]), dtype="<f4").astype(np.float32)
        return Hidden(id, state, usage)
    segments = tuple(Segment(text, _tuples(tokens), _tuples(logps)) for text, tokens, logps in said.pop("segments"))
    return Weighed(id=id, segments=segments, usage=usage, **{name: _tuples(value) for name, value in said.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value

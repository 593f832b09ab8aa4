"""What names a draw or a reply by content: the model's weights and all that shaped it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nightschool.asks import Propose, Read, Weigh
from nightschool.items import Prefix, digest


def draw_key(identity: str, ask: Propose, number: int) -> str:
    """Return what names draw `number` of `ask`."""
    known = (sorted([token for token, _ in one] for one in ask.without),) if ask.without else ()
    how = asdict(ask.sampling)
    return digest(identity, ask.adapter, _prefix(ask.prefix), how, ask.noise.child(number).words, *known)


def reply_key(identity: str, ask: Weigh | Read) -> str:
    """Return what names the reply to `ask`, in which chance has no part."""
    shape = asdict(ask)
    for name in ("id", "prefix"):  # the id is the search's own
        del shape[name]
    return digest(identity, type(ask).__name__, _prefix(ask.prefix), shape)


def _prefix(prefix: Prefix) -> Any:
    prompt = asdict(prefix.prompt)
    del prompt["keys"]  # of its examples, which no model sees
    return prompt, [[segment.text, segment.tokens] for segment in prefix.segments]

"""Tokens as clients are told of them: their texts, their log-probabilities, and what was likely in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightschool.asks import Refused, Tops, Weighed
from nightschool.items import Draw, Segment
from nightschool.ports import Model
from nightschool.surface.server.minds import Meant
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.v1.searches import ECHO, Drawing, weighing
from nightschool.surface.server.v1.shapes import pieces
from nightschool.surface.server.v1.told import Told


async def of_draw(meant: Meant, drawing: Drawing, number: int) -> Told:
    """Return what is told of a draw, with the token that ended it where that was weighed.

    Text that belongs to no token (in front of a stop string that began inside one) has none here.
    Raises Refusal where the model does not tell.
    """
    draw = drawing.draws[number]
    assert draw is not None
    reply = drawing.weighed.get(weighing(number))
    if reply is None:
        return await meant.engine.call(lambda model: _plain(model, _known(draw, meant)))
    segment, tops = _likeliest(_done(reply))
    return await meant.engine.call(lambda model: _spelled(model, segment, tops))


async def of_prompt(meant: Meant, drawing: Drawing) -> Told:
    """Return what is told of the prompt. The first token has no log-probability: nothing was in front of it."""
    reply = _done(drawing.weighed[ECHO])
    [segment] = reply.segments
    [tops] = reply.tops or ((),)
    first = drawing.task.prompt.tokens
    if first is not None:  # it was weighed behind its own first token
        logps = (0.0, *(segment.logps or ()))
        segment = Segment(drawing.task.prompt.text or "", first, logps)
        tops = ((), *tops) if tops else ()
    told = await meant.engine.call(lambda model: _spelled(model, segment, tops))
    return Told(told.texts, (None, *told.logps[1:]), ((), *told.tops[1:]) if told.tops else (), told.spelled)


def _done(reply: Weighed | Refused) -> Weighed:
    if isinstance(reply, Weighed):
        return reply
    if reply.by == "error":
        raise Refusal(502, f"the model failed: {reply.reason}", code="model_error")
    raise Refusal(400, f"the log-probabilities were not computed to the end: {reply.reason}", code="too_many_tokens")


def _likeliest(reply: Weighed) -> tuple[Segment, tuple[Tops, ...]]:
    """Return the form of a draw that weighs most: they differ in the token that ended it."""
    at = max(range(len(reply.segments)), key=lambda i: (reply.segments[i].logps or (0.0,))[-1])
    return reply.segments[at], reply.tops[at] if reply.tops else ()


def _known(draw: Draw, meant: Meant) -> Segment:
    segment = draw.segment
    if segment.tokens is not None and segment.logps is not None:
        return segment
    if not segment.text:
        return Segment("", (), ())
    raise Refusal(
        400, f"{meant.engine.name} tells no log-probabilities token by token; local models do",
        code="unsupported", param="logprobs",
    )  # fmt: skip


def _plain(model: Model, segment: Segment) -> Told:
    texts = tuple(pieces(getattr(model, "decode", None), segment))
    return Told(texts, tuple(segment.logps or ()), (), texts)


def _spelled(model: Model, segment: Segment, tops: Sequence[Tops]) -> Told:
    decode: Any = getattr(model, "decode", None)
    tokens = segment.tokens or ()
    texts = tuple(pieces(decode, segment))
    logps = tuple(segment.logps or ())
    if not tops:
        return Told(texts, logps, (), texts)
    known: dict[tuple[int | None, int], str] = {}

    def spell(before: int | None, token: int) -> str:
        if (before, token) not in known:  # some tokenizers write a space only behind another token
            head = [] if before is None else [before]
            known[before, token] = decode([*head, token])[len(decode(head)) if head else 0 :]
        return known[before, token]

    befores = (None, *tokens[:-1])
    listed = tuple(
        tuple((spell(before, token), logp) for token, logp in row) for before, row in zip(befores, tops, strict=True)
    )
    alone = tuple(spell(before, token) for before, token in zip(befores, tokens, strict=True))
    return Told(texts, logps, listed, alone)

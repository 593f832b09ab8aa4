"""Draws that are to differ from others: what is asked, and what came of it."""

from __future__ import annotations

from typing import Any

from nightschool.asks import Propose, Proposed
from nightschool.items import Draw, Noise, Prefix, Prompt, Sampled, Sampling
from support.local_runs import finish

START = Prefix(Prompt(text="Who?"))


def ask(n: int, without: tuple[Sampled, ...] = (), first: int = 0, **how: object) -> Propose:
    return Propose("q", START, n, Sampling(**{"max_tokens": 8, **how}), Noise((7,)), first_draw=first, without=without)


def said(draw: Draw) -> Sampled:
    assert draw.sampled is not None
    return draw.sampled


def drawn(model: Any, one: Propose) -> tuple[Draw, ...]:
    reply = finish(model, [one])["q"]
    assert isinstance(reply, Proposed)
    return reply.draws

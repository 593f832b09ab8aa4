"""How a text is taken apart into steps: by what ends a line, a sentence or an entry, or by a number of tokens."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from nightschool.items import Draw, Prefix, Sampling, Segment

Split = Literal["line", "sentence", "comma", "semicolon", "tokens"]

ENDS: dict[Split, tuple[str, ...]] = {
    "line": ("\n",),
    "sentence": (". ", "! ", "? ", ".\n", "!\n", "?\n"),
    "comma": (", ",),
    "semicolon": ("; ",),
    "tokens": (),
}
"""The strings that end a step. One that also ends the whole answer (`Sampling.stop`) ends the answer."""

CHARACTERS_PER_TOKEN = 4
"""A guess, for models that do not tell what they sampled."""


def written_tokens(prefix: Prefix) -> int:
    """Return how many tokens were written after the prompt, by the model's count where it tells."""
    return sum(map(_tokens, prefix.segments))


def _tokens(segment: Segment) -> int:
    told = segment.logps if segment.tokens is None else segment.tokens  # a server may tell the one without the other
    return math.ceil(len(segment.text) / CHARACTERS_PER_TOKEN) if told is None else len(told)


def step_sampling(sampling: Sampling, split: Split, step_tokens: int, prefix: Prefix) -> Sampling | None:
    """Return how to sample the step behind `prefix`, or None where the answer is as long as it may be.

    step_tokens: longest step; 0: as long as the answer may be.
    """
    left = sampling.max_tokens - written_tokens(prefix)
    if left < 1:
        return None
    ends = tuple(end for end in ENDS[split] if end not in sampling.stop)
    return replace(sampling, max_tokens=min(left, step_tokens or left), stop=sampling.stop + ends)


def after_step(sampling: Sampling, split: Split, prefix: Prefix, draw: Draw) -> Prefix | None:
    """Return `prefix` with the step `draw` behind it, ready for the next step; None: the answer ended here.

    sampling: how the whole answer is sampled. What ended the step is put back, because a stop string is not part of
    the text of a draw. Where a model does not tell which stop string it was, the answer's own is assumed if it has any.
    """
    grown = prefix.append(draw.segment)
    if draw.finish == "length":
        return grown if written_tokens(grown) < sampling.max_tokens else None
    if draw.finish != "stop":
        return None
    ended_by = draw.stopped_by
    if ended_by is None and not sampling.stop and ENDS[split]:
        ended_by = ENDS[split][0]
    if ended_by is None or ended_by in sampling.stop:
        return None
    grown = grown.append(Segment(ended_by))
    return grown if written_tokens(grown) < sampling.max_tokens else None

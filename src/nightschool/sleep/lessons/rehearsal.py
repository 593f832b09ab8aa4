"""Text of the old self, learned again beside what is new, so that what they have in common stays.

Ref: robins1995 (rehearsal of what the net itself produces); sun2020 (the same with language models).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from nightschool.drive import Drive, Job
from nightschool.errors import StopRequested
from nightschool.items import Item, Lesson, Message, Noise, Prompt, Sampling, Task
from nightschool.ports import Ability
from nightschool.think.single import Single

GENERAL_TOKENS = 48
_WEIGHT = 0.5  # about that of a practised item, which weighs what is left to learn of it


@cache
def general_prompts() -> tuple[tuple[Prompt, int], ...]:
    """Return the shipped requests and openings of documents, each with how many tokens are said.

    They alternate, so that any beginning of them is a spread.
    """
    data = tomllib.loads(files("nightschool.sleep").joinpath("data/rehearsal.toml").read_text(encoding="utf-8"))
    asked = [Prompt((Message("user", text),)) for text in data["instructions"]]
    begun = [Prompt(text=text) for text in data["openings"]]
    count = max(len(asked), len(begun))
    return tuple((each, GENERAL_TOKENS) for i in range(count) for each in (*asked[i : i + 1], *begun[i : i + 1]))


def rehearse(
    drive: Drive,
    seed: int,
    *,
    prompts: Sequence[tuple[Prompt, int]] | None = None,
    adapter: str | None = None,
) -> list[Lesson]:
    """Return what the model says to prompts, as lessons of source `rehearsal`: sampled at temperature 1.

    prompts: each with the most tokens that are said; `general_prompts` with `GENERAL_TOKENS` unless given. adapter: the
    old self, None for the bare weights. A model that knows no chat, or no documents, is given the other kind alone.
    Answers that were cut off do not teach an end. Draws that failed or were empty are left out.

    Raises StopRequested where it was interrupted.
    """
    can = drive.model.abilities
    asked = general_prompts() if prompts is None else prompts
    posed = [(each, most) for each, most in asked if (Ability.CHAT if each.messages else Ability.DOCUMENT) in can]
    jobs = [
        Job(
            Single(),
            Task(Item(f"rehearsal {i}", {}, None, "rehearsal"), prompt, Sampling(max_tokens=most), adapter),
            Noise((seed, "rehearsal", i)),
        )
        for i, (prompt, most) in enumerate(posed)
    ]
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("interrupted while the old self was asked for text to rehearse; nothing was changed")
    lessons = []
    for trace in traces:
        best = trace.best
        if best is None or best.finish not in ("end", "stop", "length") or not best.prefix.text.strip():
            continue
        ended = best.finish != "length"
        lessons.append(Lesson(trace.task.prompt, best.prefix.text, "rehearsal", weight=_WEIGHT, ended=ended))
    return lessons

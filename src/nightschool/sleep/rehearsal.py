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


@cache
def general_prompts() -> tuple[Prompt, ...]:
    """Return the shipped requests and openings of documents, alternating, so that any beginning of them is a spread."""
    data = tomllib.loads(files("nightschool.sleep").joinpath("data/rehearsal.toml").read_text(encoding="utf-8"))
    asked = [Prompt((Message("user", text),)) for text in data["instructions"]]
    begun = [Prompt(text=text) for text in data["openings"]]
    count = max(len(asked), len(begun))
    return tuple(prompt for i in range(count) for prompt in (*asked[i : i + 1], *begun[i : i + 1]))


def rehearse(
    drive: Drive,
    seed: int,
    *,
    draws: int = 1,
    max_tokens: int = 48,
    adapter: str | None = None,
    prompts: Sequence[Prompt] | None = None,
) -> list[Lesson]:
    """Return what the model says to general prompts, as lessons of source `rehearsal`: sampled at temperature 1.

    adapter: the old self, None for the bare weights; draws: for each prompt; prompts: `general_prompts` unless given.
    A model that knows no chat, or no documents, is given the other kind alone. Answers that were cut at `max_tokens`
    do not teach an end. Draws that failed or were empty are left out.

    Raises StopRequested where it was interrupted.
    """
    can = drive.model.abilities
    prompts = general_prompts() if prompts is None else prompts
    posed = [prompt for prompt in prompts if (Ability.CHAT if prompt.messages else Ability.DOCUMENT) in can]
    sampling = Sampling(max_tokens=max_tokens)
    jobs = [
        Job(
            Single(),
            Task(Item(f"rehearsal {i}", {}, None, "rehearsal"), prompt, sampling, adapter),
            Noise((seed, "rehearsal", i, draw)),
        )
        for i, prompt in enumerate(posed)
        for draw in range(draws)
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
        lessons.append(Lesson(trace.task.prompt, best.prefix.text, "rehearsal", ended=ended))
    return lessons

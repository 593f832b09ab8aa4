"""From what was typed to searches: of a text, or of the first practice items of a task."""

from __future__ import annotations

from typing import Any

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.errors import BadItems, UnknownName, UsageError
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Split, Task, digest
from nightschool.ports import Critic, Search, World

TYPED = "typed"
"""The id of a question that was typed: it is of no task, and so of no split."""


def jobs_of_text(
    text: str,
    search: Search[Any],
    seed: int,
    *,
    critic: Critic | None,
    system: str | None,
    temperature: float,
    max_tokens: int,
    step_critic: Critic | None = None,
) -> list[Job]:
    """Return the one search that answers `text`.

    `critic` takes every role that the search asks for; where `step_critic` is given, that judges steps.
    """
    item = Item(id=TYPED, inputs={"text": text}, target=None, key=digest(text))
    messages = (*([Message("system", system)] if system else []), Message("user", text))
    task = Task(item, Prompt(messages), Sampling(max_tokens, temperature))
    critics: dict[CriticRole, Critic] = (
        {} if critic is None else dict.fromkeys(sorted(search.needs | {"verifier"}), critic)
    )
    if step_critic is not None:
        critics["step"] = step_critic
    return [Job(search, task, Noise((seed, item.key, "think")), critics=critics)]


def jobs_of_task(
    spec: str,
    items: int,
    search: Search[Any],
    seed: int,
    *,
    critic: Critic | None,
    wording: str | None,
    temperature: float,
    max_tokens: int | None,
    critic_text: str | None = None,
    step_critic: Critic | None = None,
) -> list[Job]:
    """Return a search for each of the first practice items of a task.

    `critic` takes the verifier's place, and `step_critic` that of the task's own critic of steps.

    critic_text: as it was typed; it judges a file whose items have no truth of their own.
    Raises UnknownName for a wording that the task has not, UsageError for a task without practice items.
    """
    world = _world(spec, critic_text)
    practised = world.items(Split.PRACTICE, items, seed)
    if not practised:
        why = "; ".join(getattr(world, "notes", ()))
        raise UsageError(
            f"{world.spec} has no practice items{f' ({why})' if why else ''}, and think answers no others; add some "
            "or measure the task with nightschool exam"
        )
    named = {way.name: way for way in world.wordings}
    if wording is not None and wording not in named:
        raise UnknownName(f"wording of {world.spec}", wording, named)
    way = named[wording] if wording else world.wordings[0]
    roles: dict[CriticRole, Critic | None] = {
        "verifier": critic or world.verifier,
        "step": step_critic or world.step_critic,
        "reference": world.reference,
    }
    critics: dict[CriticRole, Critic] = {role: one for role, one in roles.items() if one is not None}
    sampling = Sampling(max_tokens or world.max_answer_tokens, temperature, stop=way.stop)
    return [
        Job(
            search,
            Task(item, world.pose(item, way), sampling),
            Noise((seed, world.spec, item.id, "think")),
            critics=critics,
        )
        for item in practised
    ]


def _world(spec: str, critic_text: str | None) -> World:
    from nightschool.worlds.open import open_world

    try:
        return open_world(spec)
    except BadItems:
        if critic_text is None or not spec.startswith("file:"):
            raise
        return open_world(f"{spec},critic={critic_text}")

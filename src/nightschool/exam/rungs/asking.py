"""What the rungs share: how an item is posed, and how a trace is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.exam.rung import Absent, Line, Part, Plan, Room, Said, Way
from nightschool.items import Item, Noise, Prompt, Sampling, Split, Task, Thought, Trace, Usage, Wording
from nightschool.ports import Ability, Critic, Search
from nightschool.think.single import Single
from nightschool.think.standing import UNFINISHED, is_answer


def lacking(room: Room, prompt: Prompt) -> str | None:
    """Return why this model cannot be given `prompt`, or None."""
    needed = Ability.DOCUMENT if prompt.text is not None else Ability.CHAT
    if needed in room.abilities:
        return None
    return "the model takes no plain text" if needed is Ability.DOCUMENT else "the model has no chat template"


def examples(room: Room, k: int) -> tuple[Item, ...]:
    """Return the k practice items that are shown with their truth: the first of the seed, so that k nest."""
    found = tuple(room.world.items(Split.PRACTICE, k, room.seed)) if k else ()
    return found if all(item.target is not None for item in found) else ()


def part(
    room: Room,
    name: str,
    wording: Wording,
    *,
    search: Search[Any] | None = None,
    k: int = 0,
    temperature: float = 0.0,
    adapter: str | None = None,
    also: Sequence[CriticRole] = (),
) -> Part | Absent:
    """Return the searches of one way over the room's items, or why it cannot be had.

    also: critics that the search uses where the world has them, beside those that it needs.

    The noise is that of the item, the wording and the examples, so that ways that differ in the search alone are
    compared on the same draws.
    """
    search = search or Single()
    shown = examples(room, k)
    if len(shown) < k:
        return Absent(name, f"{k} worked examples need {k} practice items with a known answer; there are {len(shown)}")
    critics: dict[CriticRole, Critic] = {}
    named = {"verifier": room.world.verifier, "step": room.world.step_critic}
    for role in (*search.needs, *also):
        critic = named.get(role, room.world.reference)
        if critic is not None:
            critics[role] = critic
        elif role in search.needs:
            return Absent(name, f"{room.world.spec} has no {role}")
    adapter = adapter or room.adapter
    jobs = []
    for item in room.items:
        prompt = room.world.pose(item, wording, shown)
        if (why := lacking(room, prompt)) is not None:
            return Absent(name, f"{why}, which the wording {wording.name!r} needs")
        sampling = Sampling(room.world.max_answer_tokens, temperature, stop=wording.stop)
        noise = Noise((room.seed, "exam", room.world.spec, item.id, wording.id, k))
        jobs.append(Job(search, Task(item, prompt, sampling, adapter), noise, critics=critics))
    ids = tuple(item.id for item in shown)
    way = Way(wording.name, search.spec, ids, temperature, adapter, "verifier" in critics, "step" in critics)
    return Part(name, way, tuple(jobs))


def planned(found: Sequence[Part | Absent]) -> Plan:
    """Return the plan of what can be had and what cannot."""
    return Plan(
        tuple(each for each in found if isinstance(each, Part)),
        tuple(each for each in found if isinstance(each, Absent)),
    )


def whole(best: Thought | None) -> Thought | None:
    """Return `best`, or None where it was cut off: by a budget, an interruption or a failure, none of which is the
    model's doing. An answer as long as was allowed is an answer.
    """
    return None if best is None or best.finish in UNFINISHED else best


def said(trace: Trace, best: Thought | None, usage: Usage) -> Said:
    """Return what `best` answers for the item of `trace`: missing where there is none, or where it was cut off."""
    task = trace.task
    best = whole(best)
    if best is None:
        why = "; ".join(dict.fromkeys(trace.errors)) or {
            "budget": "the budget was used up",
            "cancelled": "the exam was interrupted",
        }.get(trace.stopped, "no answer came back")
        return Said(task.item, str(task.prompt), (), usage, why)
    return Said(task.item, str(task.prompt), (best.answer,), usage, cut=int(best.finish == "length"))


def line(done: Part, traces: Sequence[Trace], never: str | None = None) -> Line:
    """Return the row of a way: for each item its search's best answer."""
    return Line(done.name, tuple(said(t, t.best, t.usage) for t in traces), done.way, never=never)


def mean_line(name: str, lines: Sequence[Line], never: str) -> Line:
    """Return the row that is the mean of `lines` over the same items: an item has an answer for each of them.

    Its cost is the mean of theirs, so that costs for each answer can be compared.
    """
    rows = []
    for same in zip(*(each.said for each in lines), strict=True):
        answers = tuple(answer for one in same for answer in one.answers)
        total = sum((one.usage for one in same), Usage())
        reasons = "; ".join(dict.fromkeys(one.missing for one in same if one.missing))
        rows.append(
            Said(
                same[0].item,
                same[0].prompt,
                answers,
                _share(total, 1 / len(same)),
                None if answers else reasons,
                sum(one.cut for one in same),
            )
        )
    return Line(name, tuple(rows), None, never=never, parts=tuple(each.name for each in lines))


def first_draws(trace: Trace, n: int) -> tuple[tuple[Thought, ...], Usage]:
    """Return the first n draws of `trace`, and what they alone would have cost.

    Tokens and seconds are shared out by the tokens that each draw sampled (by characters where a server does not give
    tokens); a prompt is read once whatever n is. All draws give the trace's own usage.
    """
    draws = trace.thoughts[:n]
    if len(draws) == len(trace.thoughts):
        return draws, trace.usage
    weights = [_size(thought) for thought in trace.thoughts]
    share = sum(weights[:n]) / max(sum(weights), 1)
    part = _share(trace.usage, share)
    judged = len({thought.answer for thought in draws if is_answer(thought)}) if trace.usage.judgements else 0
    return draws, replace(part, prompt_tokens=trace.usage.prompt_tokens, calls=trace.usage.calls, judgements=judged)


def _size(thought: Thought) -> int:
    """Return the tokens of a draw, its end counted."""
    known = [segment.tokens for segment in thought.prefix.segments]
    return 1 + sum(
        len(text.text) if ids is None else len(ids) for ids, text in zip(known, thought.prefix.segments, strict=True)
    )


def _share(usage: Usage, share: float) -> Usage:
    """Return so much of `usage`, counts rounded."""
    *counts, seconds = usage.as_tuple()
    prompt, sampled, weighed, calls, judgements = (round(count * share) for count in counts)
    return Usage(prompt, sampled, weighed, calls, judgements, seconds * share)

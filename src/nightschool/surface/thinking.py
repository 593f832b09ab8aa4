"""From what was typed to searches, and from their traces to what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nightschool.asks import CriticRole
from nightschool.critics.judging import judge
from nightschool.critics.legible import quote
from nightschool.drive import Job
from nightschool.errors import BadItems, UnknownName, UsageError
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Split, Task, Thought, Trace, Verdict, digest
from nightschool.ports import Critic, Search, World
from nightschool.think.turning import Turn, turn_of

_SHOWN = 72
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


def graded(trace: Trace, critic: Critic | None) -> Verdict | None:
    """Return what `critic` says of the answer, else what the search was told of it; None without an answer."""
    if trace.best is None:
        return None
    return judge(critic, trace.task.item, trace.best.answer) if critic else trace.best.verdict


def turned(trace: Trace, critic: Critic | None) -> Turn | None:
    """Return what became of the draft where the strategy revises, by `critic`, else by what the search was told."""
    item, known = trace.task.item, {thought.answer: thought.verdict for thought in trace.thoughts}
    return turn_of(trace, lambda answer: judge(critic, item, answer) if critic else known.get(answer))


def described(trace: Trace, verdict: Verdict | None, turn: Turn | None = None) -> dict[str, Any]:
    """Return a trace as --json shows it."""
    best = trace.best
    return {
        "item": trace.task.item.id,
        "key": trace.task.item.key if trace.task.item.id != TYPED else "",
        "input": dict(trace.task.item.inputs),
        "answer": best.answer if best else None,
        "finish": best.finish if best else None,
        "logp": best.logp if best else None,
        "verdict": verdict,
        "turn": turn,
        "stopped": trace.stopped,
        "errors": list(trace.errors),
        "usage": trace.usage,
        "thoughts": [
            {"id": t.id, "parent": t.parent, "answer": t.answer, "logp": t.logp, "verdict": t.verdict}
            for t in trace.thoughts
        ],
    }


def one_line(trace: Trace, verdict: Verdict | None, turn: Turn | None = None) -> str:
    """Return question, answer and verdict of one practice item in a line, and what thinking again made of its draft."""
    question = " ".join(trace.task.item.inputs.values())
    answer = shown(trace.best.answer) if trace.best else "(no answer)"
    words = judged(verdict, trace.task.item.id, trace.best.answer if trace.best else "")
    return f"{shown(question)} -> {answer}{words}{f'  ({turn})' if turn else ''}"


def drawn(trace: Trace) -> str:
    """Return the tree of thoughts, a line each, children indented under their parent; `*` marks the best."""
    children: dict[int | None, list[Thought]] = {}
    for thought in trace.thoughts:
        children.setdefault(thought.parent, []).append(thought)
    best = trace.best.id if trace.best else None

    def lines(parent: int | None, depth: int) -> Iterator[str]:
        for thought in children.get(parent, []):
            logp = "" if thought.logp is None else f"  logp {thought.logp:.1f}"
            mark = "*" if thought.id == best else " "
            words = judged(thought.verdict, trace.task.item.id, thought.answer)
            yield f"{mark} {'  ' * depth}{shown(_said(thought))}{logp}{words}"
            yield from lines(thought.id, depth + 1)

    return "\n".join([f"{trace.strategy}: {len(trace.thoughts)} thoughts", *lines(None, 0)])


def shown(text: str) -> str:
    """Return `text` on one line, with an ellipsis and its length where it is too long for that."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}… ({len(line)} characters)"


def _said(thought: Thought) -> str:
    segments = thought.prefix.segments
    return segments[-1].text if thought.parent is not None and segments else thought.answer


def judged(verdict: Verdict | None, item: str = "", answer: str = "") -> str:
    """Return a verdict in words, to stand behind an answer; of a critic that failed on these, why, and not on what."""
    if verdict is None:
        return ""
    if verdict.error:
        known = f" failed on item {item}, answer {quote(answer)}: "
        return f"  [critic failed: {shown(verdict.error.partition(known)[2] or verdict.error)}]"
    words = "passed" if verdict.passed else f"score {verdict.score:.2g}"
    return f"  [{words}{': ' + shown(verdict.feedback) if verdict.feedback else ''}]"

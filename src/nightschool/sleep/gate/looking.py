"""What one look at a mind sees: how it answers questions, does watched tasks, and finds plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

from nightschool.critics.contains import Contains
from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, StopRequested
from nightschool.items import Item, Noise, Prompt, Sampling, Split, Task, Wording, digest
from nightschool.paths import write_durably
from nightschool.ports import Ability, Critic, World
from nightschool.sleep.gate.decide import WatchedTask, WatchedText
from nightschool.sleep.gate.text_loss import TextLoss, text_loss
from nightschool.sleep.gate.watch_text import chunks, prose, python_docs
from nightschool.sleep.lessons.study import Check
from nightschool.think.single import Single

TEXT, EARLIER = "plain text", "earlier nights"
_ANSWER_TOKENS = 24
Outcomes = Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen. tasks: outcomes by item, of each watched task; text: loss of plain text, None where not read;
    checks: outcomes of the questions about memories, by item; chance: of each task, as `chance_of`.
    """

    tasks: Mapping[str, Outcomes] = field(default_factory=dict)
    text: TextLoss | None = None
    checks: Outcomes = field(default_factory=dict)
    chance: Mapping[str, float] = field(default_factory=dict)

    def of(self, asked: Sequence[Check]) -> dict[str, bool]:
        """Return the outcomes of these questions, without those that were not answered."""
        return {each.item.id: self.checks[each.item.id] for each in asked if each.item.id in self.checks}

    def with_earlier(self, asked: Sequence[Check]) -> Seen:
        """Return this with questions about what earlier nights taught as one task more, where there are any."""
        return replace(self, tasks={**self.tasks, EARLIER: self.of(asked)}) if asked else self


def chance_of(items: Sequence[Item]) -> float:
    """Return how often one who picks among the choices of each item is right, in [0, 1]; 0 where none has any.

    >>> chance_of([Item("a", {}, "red", "a", ("red", "blue")), Item("b", {}, "7", "b")])
    0.25
    """
    return fmean(1 / len(each.choices) if each.choices else 0.0 for each in items) if items else 0.0


def answers(
    drive: Drive, items: Sequence[tuple[Item, Prompt]], critic: Critic, adapter: str | None, *, tokens: int,
    stop: tuple[str, ...] = ("\n",),
) -> dict[str, bool]:  # fmt: skip
    """Return by item whether the greedy answer passes; what was not answered is left out.

    Raises StopRequested where it was interrupted.
    """
    return _answered(drive, [_Asking(items, critic, tokens, stop)], adapter)[0]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Items with their prompts, who judges the answers, and how long these may be."""

    items: Sequence[tuple[Item, Prompt]]
    critic: Critic
    tokens: int
    stop: tuple[str, ...] = ("\n",)

    @property
    def posed(self) -> list[tuple[str, str | None, str]]:
        """Return what is asked, and what is right, as a name by content can hold it."""
        return [(item.id, item.target, str(prompt)) for item, prompt in self.items]

    def jobs(self, adapter: str | None) -> list[Job]:
        sampling = Sampling(max_tokens=self.tokens, temperature=0.0, stop=self.stop)
        return [
            Job(Single(), Task(item, prompt, sampling, adapter), Noise(("look", item.id)))
            for item, prompt in self.items
        ]


def _answered(drive: Drive, asking: Sequence[_Asking], adapter: str | None) -> list[dict[str, bool]]:
    """Return the outcomes of each, all asked at once: a wide batch costs little more than a narrow one."""
    jobs = [job for each in asking for job in each.jobs(adapter)]
    traces = iter(drive.run(jobs)) if jobs else iter(())
    if jobs and drive.interrupted:
        raise StopRequested("interrupted while it was asked what the mind can do; nothing was changed")
    found = []
    for each in asking:
        mine = [(item, next(traces)) for item, _ in each.items]
        found.append({i.id: each.critic.judge(i, t.best.answer).passed for i, t in mine if t.best is not None})
    return found


def recorded(drive: Drive, adapter: str | None, kept: Path | None) -> dict[str, bool]:
    """Return by check how the weights named by `adapter` answered before, as far as `kept` says."""
    if kept is None:
        return {}
    try:
        found = json.loads(_checked(drive, adapter, kept).read_text(encoding="utf-8"))
        return {str(name): bool(right) for name, right in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _checked(drive: Drive, adapter: str | None, kept: Path) -> Path:
    return kept / f"checks-{digest(_model(drive), adapter)[:16]}.json"


def _model(drive: Drive) -> str:
    """Return which model it is and in what numbers it computes: both decide what it answers."""
    return drive.model.identity + getattr(drive.model, "numerics", "")


def look(
    drive: Drive,
    watched: Sequence[tuple[World, Wording]],
    adapter: str | None,
    *,
    items: int,
    text_tokens: int,
    seed: int,
    kept: Path | None = None,
    asked: Sequence[Check] = (),
) -> Seen:
    """Return how the weights named by `adapter` do on tune items of the watched tasks, and on plain text.

    kept: a folder of what was seen before: the same weights are not looked at in the same way twice, nor asked the same
    question. What could not be seen whole, because a model failed or a budget ran out, is not kept: it may be the next
    time. asked: about memories, answered rightly where the answer names what is right.
    """
    names = [f"{world.spec}@{way.name}" for world, way in watched]
    watching = [
        _Asking([(item, world.pose(item, way)) for item in world.items(Split.TUNE, items, seed)], world.reference,
                world.max_answer_tokens, way.stop)
        for world, way in watched
    ]  # fmt: skip
    pieces = pieces_of(drive, text_tokens)
    posed = [(name, each.posed, each.tokens, each.stop) for name, each in zip(names, watching, strict=True)]
    key = digest(_model(drive), adapter, version("nightschool"), posed, pieces)[:16]
    seen = None if kept is None else _read(kept / f"{key}.json")
    chance = {name: chance_of([i for i, _ in each.items]) for name, each in zip(names, watching, strict=True)}
    known = recorded(drive, adapter, kept)
    open_ = [(each.item, each.prompt) for each in asked if each.item.id not in known]
    asking = [_Asking(open_, Contains(), _ANSWER_TOKENS), *(watching if seen is None else ())]
    new, *outcomes = _answered(drive, asking, adapter)
    known |= new
    if new and kept is not None:
        _note(_checked(drive, adapter, kept), json.dumps(known))
    if seen is not None:
        return replace(seen, checks=known, chance=chance)
    text = None
    if pieces:
        with suppress(ModelError):  # the gate refuses what could not be looked at both times
            text = text_loss(drive, pieces, adapter)
    seen = Seen(dict(zip(names, outcomes, strict=True)), text, known, chance)
    whole = all(len(found) == len(each.items) for found, each in zip(outcomes, watching, strict=True))
    if kept is not None and whole and (text is not None or not pieces):
        _write(kept / f"{key}.json", seen)
    return seen


def reads_text(drive: Drive, tokens: int) -> bool:
    """Return whether plain text is watched, given how many tokens of it are wanted."""
    return tokens > 0 and Ability.WEIGH in drive.model.abilities


def pieces_of(drive: Drive, tokens: int) -> list[str]:
    """Return the plain text that is watched, in pieces; none for a model that cannot weigh it."""
    if not reads_text(drive, tokens):
        return []
    return chunks([*prose(), *python_docs()], drive.model.count_tokens, tokens)


def watched_tasks(before: Seen, after: Seen) -> list[WatchedTask]:
    """Return what the gate is to hold against the night, by the items that were answered both times."""
    found = []
    for name, first in before.tasks.items():
        one, two = paired(first, after.tasks[name])
        if one:
            found.append(WatchedTask(name, one, two, before.chance.get(name, 0.0)))
    return found


def watched_texts(before: Seen, after: Seen) -> list[WatchedText]:
    """Return the text losses, where both were taken, over the same pieces."""
    if before.text is None or after.text is None or before.text.tokens != after.text.tokens:
        return []
    return [WatchedText(TEXT, before.text.nats, after.text.nats, before.text.tokens)]


def unseen(before: Seen, after: Seen, *, text: bool) -> list[str]:
    """Return the names of what was to be watched and was not seen alike both times; text: was to be read."""
    names = [name for name, first in before.tasks.items() if not paired(first, after.tasks[name])[0]]
    return [*names, TEXT] if text and not watched_texts(before, after) else names


def paired(before: Outcomes, after: Outcomes) -> tuple[list[bool], list[bool]]:
    """Return the outcomes of the items that have both."""
    common = [item for item in before if item in after]
    return [before[item] for item in common], [after[item] for item in common]


def _read(path: Path) -> Seen | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        text = data["text"]
        return Seen(data["tasks"], None if text is None else TextLoss(tuple(text["nats"]), tuple(text["tokens"])))
    except (OSError, ValueError, KeyError):
        return None


def _write(path: Path, seen: Seen) -> None:
    text = None if seen.text is None else {"nats": seen.text.nats, "tokens": seen.text.tokens}
    _note(path, json.dumps({"tasks": dict(seen.tasks), "text": text}))


def _note(path: Path, text: str) -> None:
    """Write down what was seen; where the disk is full it is seen again next time, and the night goes on."""
    with suppress(OSError):
        write_durably(path, text)

"""Teaching: lessons become one adapter, step by step; a kill costs the steps since the last checkpoint, no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

from nightschool.items import Adapter, Lesson, Noise
from nightschool.paths import write_durably
from nightschool.ports import Watcher
from nightschool.sleep.lessons.replay import batches
from nightschool.sleep.nights.out_of_room import room_said
from nightschool.sleep.plan import NightPlan
from nightschool.train.adapter_name import name_of
from nightschool.train.course import Step

Stopped = Literal["plan", "learned", "seconds"]
_IN_A_ROW, _DONE = 3, "taught.json"


class Pupil(Protocol):
    """What learns: a stepped trainer that can be saved and resumed to the last bit (see `train`)."""

    def hold_to(self, rehearsal: Sequence[Lesson]) -> None:
        """Be told all that will be rehearsed, before the first step."""

    def step(self, lessons: Sequence[Lesson], pace: float = 1.0) -> Step:
        """Take one gradient step, at `pace` times the usual rate."""

    def save(self, folder: Path) -> Adapter:
        """Write what was learned so far and return it, named by its content."""

    def checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on."""


@dataclass(frozen=True, slots=True)
class Taught:
    """adapter: what was learned; losses: of every step; stopped: by the plan, because it was learned, or by time."""

    adapter: Adapter
    losses: tuple[float, ...]
    stopped: Stopped


def teach(
    begin: Callable[[Path | None], Pupil],
    lessons: Sequence[Lesson],
    plan: NightPlan,
    folder: Path,
    *,
    older: Sequence[Lesson] = (),
    rehearsal: Sequence[Lesson] = (),
    watch: Watcher,
    clock: Callable[[], float],
) -> Taught:
    """Return what the lessons made, going on with what an interrupted call left in `folder`.

    begin: makes the pupil, from a checkpoint where one is given. Without a limit of seconds, the weights depend on
    lessons, plan and pupil alone, however often it was interrupted. What was taught to the end is not taught again.
    Raises NightError where disk or memory is too small for what is learned.
    """
    if (done := _done(folder)) is not None:
        return done
    with room_said(folder):
        return _teach(begin, lessons, plan, folder, older, rehearsal, watch, clock)


def _teach(
    begin: Callable[[Path | None], Pupil], lessons: Sequence[Lesson], plan: NightPlan, folder: Path,
    older: Sequence[Lesson], rehearsal: Sequence[Lesson], watch: Watcher, clock: Callable[[], float],
) -> Taught:  # fmt: skip
    began = clock()
    folder.mkdir(parents=True, exist_ok=True)
    losses = _known(folder)
    pupil = begin(_checkpoint(folder, len(losses)) if losses else None)
    pupil.hold_to(rehearsal)
    steps = plan.steps_for(len(lessons), older=bool(older))
    share = plan.older if older else 0.0
    noise = Noise((plan.seed, "night"))
    mixed = batches(
        lessons, noise, count=steps, size=plan.batch, older=older, older_share=share,
        rehearsal=rehearsal, rehearsal_share=plan.rehearsal,
    )  # fmt: skip
    watch.stage("lessons", steps + plan.settle, "steps")
    watch.advance(len(losses))
    stopped: Stopped = "plan"
    before = len(losses)
    for batch in islice(mixed, before, None):
        if _learned(losses, plan.learned):
            stopped = "learned"
            break
        if _late(clock() - began, len(losses) - before, plan):
            stopped = "seconds"
            break
        losses.append(pupil.step(batch, plan.pace).loss)
        watch.advance(1, loss=round(losses[-1], 3))
        if len(losses) % plan.checkpoint_steps == 0:
            _keep(folder, pupil, losses)
    settling = batches(
        [*lessons, *(older if share else ())], noise.child("settling"), count=plan.settle, size=plan.batch,
        rehearsal=rehearsal, rehearsal_share=plan.rehearsal,
    )  # fmt: skip
    for left, batch in zip(range(plan.settle, 0, -1), settling, strict=True):
        losses.append(pupil.step(batch, plan.pace * left / (plan.settle + 1)).loss)
        watch.advance(1, loss=round(losses[-1], 3))
    return _end(folder, pupil, losses, stopped)


def _end(folder: Path, pupil: Pupil, losses: Sequence[float], stopped: Stopped) -> Taught:
    """Write down that all was taught: a kill while the gate looks costs no step."""
    adapter = pupil.save(folder / "adapters")
    plain = {"adapter": adapter.name, "base": adapter.base, "folder": Path(adapter.path).name}
    write_durably(folder / _DONE, json.dumps({**plain, "losses": losses, "stopped": stopped}))
    return Taught(adapter, tuple(losses), stopped)


def _done(folder: Path) -> Taught | None:
    """Return what was taught to the end, None where nothing was, or its weights are not what they are called."""
    try:
        plain = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        path = folder / "adapters" / plain["folder"]
        if name_of(path, plain["base"]) != plain["adapter"]:
            shutil.rmtree(path)  # or it would be taken for what is saved in its place
            return None
        adapter = Adapter(plain["adapter"], plain["base"], str(path))
        return Taught(adapter, tuple(map(float, plain["losses"])), plain["stopped"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _learned(losses: Sequence[float], enough: float) -> bool:
    return len(losses) >= _IN_A_ROW and max(losses[-_IN_A_ROW:]) < enough


def _late(spent_s: float, steps: int, plan: NightPlan) -> bool:
    """Return whether one more step, and settling, would take longer than there is."""
    if plan.seconds is None or steps == 0:
        return False
    return spent_s * (steps + 1 + plan.settle) / steps > plan.seconds


def _checkpoint(folder: Path, steps: int) -> Path:
    return folder / f"learner-{steps}.safetensors"


def _keep(folder: Path, pupil: Pupil, losses: Sequence[float]) -> None:
    """Write the checkpoint, then the losses that lead to it: a kill between the two leaves the ones before."""
    pupil.checkpoint(_checkpoint(folder, len(losses)))
    write_durably(folder / "losses.json", json.dumps(losses))
    for path in folder.glob("learner-*.safetensors"):
        if path != _checkpoint(folder, len(losses)):
            path.unlink()


def _known(folder: Path) -> list[float]:
    """Return the losses up to the last checkpoint, none where there is no whole one."""
    try:
        losses = [float(loss) for loss in json.loads((folder / "losses.json").read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return []
    return losses if _checkpoint(folder, len(losses)).exists() else []

"""What a night over memories needs, in one place: everything that touches the world outside comes in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightschool.drive import Drive
from nightschool.items import Adapter, Split, Wording
from nightschool.ports import Ability, Watcher, World
from nightschool.remember.memory import Memory
from nightschool.remember.store.port import Store
from nightschool.sleep.lessons.study import asked
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.teach import Pupil


@dataclass
class Sleeper:
    """One who sleeps over the memories of a space.

    store: the memories of one space; drive: over the model; ledger: of the same space; watched: tasks that must not be
    lost, each with how it is posed; pupils: given the night to build on, makes what makes a pupil, from a checkpoint
    where one is given (None: this model cannot be trained here); between: an adapter part of the way from one to
    another (see `train.between`); now: Unix seconds; created: the same as ISO 8601; wakes: the night that the model
    wakes from, loaded already; examined: questions that no lesson may ask, beside those of the watched tasks; foresee:
    by id, how likely it is that reward follows a memory (None: nothing foretells it).
    """

    store: Store
    drive: Drive
    ledger: Ledger
    plan: NightPlan
    watched: Sequence[tuple[World, Wording]]
    watch: Watcher
    now: float
    created: str
    clock: Callable[[], float]
    pupils: Callable[[Night | None], Callable[[Path | None], Pupil]] | None = None
    between: Callable[[Adapter | None, Adapter, float, Path], Adapter] | None = None
    wakes: Night | None = None
    examined: frozenset[str] = frozenset()
    foresee: Callable[[Sequence[Memory]], dict[str, float]] | None = None

    @property
    def adapter(self) -> str | None:
        """Return the weights that the model fell asleep with."""
        return self.wakes.adapter if self.wakes else None

    @property
    def can_learn(self) -> bool:
        """Return whether the model can be trained here."""
        return self.pupils is not None and {Ability.TRAIN, Ability.ADAPTERS} <= self.drive.model.abilities

    @property
    def looks(self) -> Path:
        """Return the folder of what was seen of weights before, so that nothing is looked at twice."""
        return self.ledger.folder / "looks"

    def never(self) -> frozenset[str]:
        """Return the questions that no lesson may ask, as `study.asked` gives them."""
        plan = self.plan
        return self.examined | {
            asked(world.pose(item, way))
            for world, way in self.watched
            for item in world.items(Split.TUNE, plan.watched_items, plan.seed)
        }

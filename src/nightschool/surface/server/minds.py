"""What is served: models with their engines, their nights, and mind files; and what a name among them stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nightschool import registry
from nightschool.asks import CriticRole
from nightschool.critics.named import critic as named_critic
from nightschool.errors import UnknownName, UsageError
from nightschool.mind import Mind
from nightschool.ports import Ability, Critic, Model, Search
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.surface.server import names
from nightschool.surface.server.engine import Engine
from nightschool.surface.server.wire import Extension

BARE = "none"
SAFE = frozenset({
    "exact", "numeric", "regex", "contains", "choice", "sorted-list", "sorted-prefix", "fields", "composed",
})  # fmt: skip
"""Critics that a client may name: they run no code of anybody's and open no file."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name stands for. file: of a mind that settles everything; night: None for the model's own weights.

    critic: judges answers; step_critic: beginnings of them.
    """

    name: str
    engine: Engine
    night: Night | None = None
    strategy: str | None = None
    critic: str | None = None
    step_critic: str | None = None
    file: Mind | None = None


@dataclass(frozen=True, slots=True)
class Minds:
    """All that is served. engines: by name of a model; files: minds by name; ledger: the nights of a space, or None.

    critics: names of critics that a client may ask for.
    """

    engines: Mapping[str, Engine]
    files: Mapping[str, Mind] = field(default_factory=dict)
    ledger: Callable[[str], Ledger | None] = lambda space: None
    critics: frozenset[str] = SAFE

    async def meant(self, name: str, extension: Extension | None, space: str) -> Meant:
        """Return what `name` stands for, for a client of `space`. Raises UnknownName, BadSpec, UsageError."""
        named = names.parse(name, [*self.engines, *self.files])
        strategy, critic = named.strategy, named.critic
        if extension is not None and extension.strategy is not None:
            strategy = names.strategy_of(extension.strategy)
        if extension is not None and extension.critic is not None:
            critic = extension.critic
        step = extension.step_critic if extension is not None else None
        if named.model in self.files:
            if strategy or critic or step or named.night:
                raise UsageError(f"the mind {named.model} settles its strategy, its critics and its night itself")
            mind = self.files[named.model]
            return Meant(name, self.engines[mind.model], file=mind)
        engine = self.engines[named.model]
        night = await self._night(engine, named.night, space)
        return Meant(name, engine, night, strategy, critic, step)

    async def _night(self, engine: Engine, name: str | None, space: str) -> Night | None:
        kept = self.ledger(space)
        if name == BARE or (kept is None and name is None):
            return None
        base, able = await engine.call(lambda model: (model.identity, Ability.ADAPTERS in model.abilities))
        if name is None:
            return kept.current(base) if kept is not None and able else None
        mine = kept.nights() if kept is not None else []
        fitting = [night for night in mine if night.base == base and night.name.startswith(name)]
        if len({night.name for night in fitting}) != 1:
            raise UnknownName("night", name, [night.name for night in mine if night.base == base])
        return fitting[0]

    def weights(self, meant: Meant, model: Model, space: str) -> str | None:
        """Return the name of the adapter that answers, loaded into `model`. Raises as `Mind.equip` and `Ledger`."""
        if meant.file is not None:
            meant.file.equip(model)
            return meant.file.adapter.name if meant.file.adapter else None
        if meant.night is None:
            return None
        kept = self.ledger(space)
        assert kept is not None
        model.load_adapter(kept.adapter(meant.night))
        return meant.night.adapter

    def search(self, meant: Meant) -> tuple[Search[Any], dict[CriticRole, Critic]] | None:
        """Return how `meant` thinks and who judges what, None where it answers at once. Raises UnknownName, BadSpec."""
        judges: dict[CriticRole, Critic] = {}
        if meant.critic is not None:
            judges["verifier"] = self._critic(meant.critic)
        if meant.step_critic is not None:
            judges["step"] = self._critic(meant.step_critic)
        if meant.strategy is None:
            if judges:
                raise UsageError('a critic judges what a strategy finds; give one: "strategy": "best-of-n:n=8"')
            return None
        search: Search[Any] = registry.make("strategies", meant.strategy)
        if "step" in search.needs and "step" not in judges and "verifier" in judges:
            judges["step"] = judges["verifier"]  # it cannot do without one
        return search, judges

    def _critic(self, text: str) -> Critic:
        for name in registry.names("critics"):
            if name not in self.critics and name in text:
                raise UsageError(
                    f"the critic {name} runs what it is given, so clients may not name it; start the server with "
                    f"--allow-critic {name} where every client is trusted"
                )
        return named_critic(text)

    def listed(self, space: str) -> list[tuple[str, str, str | None]]:
        """Return (name, model, night) of all that a client of `space` may ask for, models first."""
        found: list[tuple[str, str, str | None]] = [(name, name, None) for name in self.engines]
        found += [(name, mind.model, mind.night) for name, mind in self.files.items()]
        kept = self.ledger(space)
        for night in kept.nights() if kept is not None else []:
            if night.model in self.engines:
                found.append((f"{night.model}@night-{night.name}", night.model, night.name))
        return found

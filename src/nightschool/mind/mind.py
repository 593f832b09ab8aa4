"""One mind: which model, which weights, how it is asked, how it searches, who guides the search, what it may spend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nightschool.asks import CriticRole
from nightschool.critics.named import critic as named_critic
from nightschool.drive import Budget, Drive, Job
from nightschool.errors import BadFile, Leak, UsageError
from nightschool.items import Adapter, Item, Noise, Sampling, Split, Task, Trace, Wording, digest
from nightschool.ports import Critic, Model, Search, World
from nightschool.prompts import names_in, render
from nightschool.registry import make
from nightschool.worlds.open import open_world

WORLD = "world"
"""In the place of a critic's specification: the task's own."""


@dataclass(frozen=True, slots=True)
class Mind:
    """A model with what stands around it. Everything that shapes an answer is in here, and in its name (`id`).

    model: as a user names it; identity: content hash of the model that it was made with, where known; wording: how an
    input becomes a prompt; examples: practice items shown with their truth (their keys are disclosed by `keys`);
    choices: the admissible answers, where they are few; sampling: how to draw, its stop strings being the wording's;
    strategy: specification of a search; critic, step_critic: specifications of the verifiers that guide it, or `world`
    for those of `task`; adapter: trained weights, night: the night that they come from; task: specification of the
    world that it was measured on.

    Raises Leak for examples that are no practice items.
    """

    model: str
    wording: Wording
    strategy: str = "single"
    sampling: Sampling = field(default_factory=Sampling)
    examples: tuple[Item, ...] = ()
    choices: tuple[str, ...] = ()
    critic: str | None = None
    step_critic: str | None = None
    adapter: Adapter | None = None
    night: str | None = None
    budget: Budget | None = None
    task: str | None = None
    identity: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for example in self.examples:
            if example.split is not Split.PRACTICE or example.target is None:
                raise Leak(
                    f"the example {example.id!r} is an item of {example.split}, or has no truth; "
                    "a mind shows practice items with their truth only"
                )
        if self.sampling.stop != self.wording.stop:
            sampling = Sampling(**{**asdict(self.sampling), "stop": self.wording.stop})
            object.__setattr__(self, "sampling", sampling)

    @property
    def id(self) -> str:
        """Return the content hash that names this mind: equal minds have equal names, wherever their files are."""
        words: dict[str, Any] = {
            "model": self.model,
            "identity": self.identity,
            "wording": self.wording.id,
            "strategy": self.search().spec,
            "sampling": asdict(self.sampling),
            "examples": [[dict(e.inputs), e.target, e.key] for e in self.examples],
            "choices": list(self.choices),
            "critics": [self.critic, self.step_critic],
            "adapter": self.adapter.name if self.adapter else None,
            "budget": str(self.budget) if self.budget else None,
            "seed": self.seed,
        }
        if WORLD in (self.critic, self.step_critic):
            words["task"] = self.task
        return digest(words)[:16]

    @property
    def keys(self) -> frozenset[str]:
        """Return the leak keys of the items whose truth this mind shows."""
        return frozenset(example.key for example in self.examples)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of what an input consists of."""
        return names_in("".join((self.wording.system, self.wording.user, self.wording.document)))

    def item(self, given: str | Mapping[str, str]) -> Item:
        """Return a new item that asks about `given`: the one input, several by name, or those as a JSON object.

        Raises UsageError where inputs are missing, unknown or empty.
        """
        inputs = self._inputs(given)
        wanted = set(self.inputs)
        if missing := wanted - inputs.keys():
            raise UsageError(f"this mind asks about {', '.join(self.inputs)}; missing: {', '.join(sorted(missing))}")
        if unknown := inputs.keys() - wanted:
            raise UsageError(f"this mind asks about {', '.join(self.inputs)}, not {', '.join(sorted(unknown))}")
        if not any(value.strip() for value in inputs.values()):
            raise UsageError("there is nothing to think about: the input is empty")
        name = digest(inputs)[:16]
        return Item(f"input-{name}", inputs, None, f"input {name}", self.choices)

    def search(self) -> Search[Any]:
        """Return the search that `strategy` describes. Raises UnknownName and BadSpec."""
        search: Search[Any] = make("strategies", self.strategy)
        return search

    def critics(self, world: World | None = None) -> dict[CriticRole, Critic]:
        """Return who guides the search, by role. world: the task's, where it is open already.

        Raises UsageError where the task has no such critic; UnknownName, BadSpec for a specification that is wrong.
        """
        wanted: dict[CriticRole, str | None] = {"verifier": self.critic, "step": self.step_critic}
        return {role: self._critic(role, spec, world) for role, spec in wanted.items() if spec is not None}

    def job(self, given: str | Mapping[str, str] | Item, world: World | None = None) -> Job:
        """Return what to run to answer `given`. An item is asked without its truth; its key guards the examples."""
        item = given.blind() if isinstance(given, Item) else self.item(given)
        prompt = render(self.wording, item, self.examples)
        task = Task(item, prompt, self.sampling, self.adapter.name if self.adapter else None)
        return Job(self.search(), task, Noise((self.seed, "mind", item.id)), self.budget, self.critics(world))

    def think(self, given: str | Mapping[str, str] | Item, drive: Drive, world: World | None = None) -> Trace:
        """Return the trace of answering `given` over `drive`, whose model has been `equip`ped. As `Drive.run`."""
        return drive.run([self.job(given, world)])[0]

    def equip(self, model: Model) -> None:
        """Load this mind's adapter into `model`. Raises BadFile where the model is not the one it was made with."""
        if self.identity is not None and model.identity != self.identity:
            raise BadFile(
                f"this mind was made with the weights {self.identity[:12]}, and {model.name} has those of "
                f"{model.identity[:12]}; take the line `identity` out of its file to use it all the same"
            )
        if self.adapter is not None:
            model.load_adapter(self.adapter)

    def _inputs(self, given: str | Mapping[str, str]) -> dict[str, str]:
        if not isinstance(given, str):
            return dict(given)
        if len(self.inputs) == 1:
            return {self.inputs[0]: given}
        if not self.inputs:
            raise UsageError("this mind's wording asks about nothing; it has no {name} for an input")
        example = json.dumps(dict.fromkeys(self.inputs, "..."))
        try:
            read = json.loads(given)
        except json.JSONDecodeError as error:
            raise UsageError(f"this mind asks about {', '.join(self.inputs)}; give them as JSON: {example}") from error
        if not isinstance(read, dict):
            raise UsageError(f"this mind asks about {', '.join(self.inputs)}; give them as JSON: {example}")
        return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in read.items()}

    def _critic(self, role: CriticRole, spec: str, world: World | None) -> Critic:
        if spec != WORLD:
            return named_critic(spec)
        if self.task is None and world is None:
            raise UsageError(f'the {role} of this mind is its task\'s, and it names no task; add task = "..."')
        world = world or open_world(str(self.task))
        critic = world.verifier if role == "verifier" else world.step_critic
        if critic is None:
            raise UsageError(f"{world.spec} has no {role}; name a critic in the mind's file")
        return critic

"""The learner: LoRA that grows lesson by lesson, and that a kill at any moment cannot change.

It is stepped, so that practice and training can alternate while one adapter grows over many levels. It holds no random
numbers beyond its seeded start: the weights after n steps are a function of seed, settings and the n batches.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from nightschool.errors import BadFile, NotANumber, UsageError
from nightschool.items import Adapter, Lesson
from nightschool.models.local.heap import trim
from nightschool.paths import write_durably
from nightschool.train import low_rank, recompute
from nightschool.train.adapter_folder import read_weights, write_adapter
from nightschool.train.anchor import OldSelf
from nightschool.train.examples import Teachable, encode_lesson
from nightschool.train.readout import Readout
from nightschool.train.settings import LoraSettings
from nightschool.train.shared_prefix import Gradient


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What one step did, before it was taken. loss: nats per learned token of what was taught; drift: divergence from
    the old self in nats per token of what is rehearsed; norm: of the gradient before clipping; tokens: of the lessons;
    learned: of those, the ones that the loss is on; computed: that went through the model.
    """

    step: int
    loss: float
    drift: float
    norm: float
    rate: float
    tokens: int
    learned: int
    computed: int
    seconds: float


class Learner:
    """One LoRA adapter in training. steps: how many were done. Make one with `fresh` or `resume`."""

    def __init__(self, model: Teachable, settings: LoraSettings, seed: int, clock: Callable[[], float]) -> None:
        self.settings, self.seed, self.steps = settings, seed, 0
        self._model, self._clock = model, clock
        self.module: Any = model.fresh_module()
        self.module.eval()  # dropout stays off: nothing here is random
        self._config = low_rank.inject(self.module, settings, seed, model.name)
        if settings.recompute:
            recompute.put_in(self.module)
        self._weights = low_rank.parameters(self.module)
        self._hidden = int(self.module.config.get_text_config().hidden_size)
        self._optimizer = torch.optim.AdamW(
            [weight for _, weight in self._weights], lr=0.0, weight_decay=settings.weight_decay
        )
        self._before = {name: weight.detach().clone() for name, weight in self._weights}
        readout = Readout(self.module)
        self._old = OldSelf(readout, self._as_before, micro_tokens=settings.micro_tokens) if settings.anchored else None
        self._gradient = Gradient(
            readout, micro_tokens=settings.micro_tokens, share_prefix=settings.share_prefix, old=self._old
        )

    @classmethod
    def fresh(
        cls,
        model: Teachable,
        settings: LoraSettings | None = None,
        seed: int = 0,
        *,
        start: Adapter | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Learner:
        """Return a learner that has learned nothing yet, or what `start` knows.

        Raises Unsupported for a model that LoRA cannot be put into, BadFile for a `start` of another model or rank.
        """
        learner = cls(model, settings or LoraSettings(), seed, clock)
        if start is not None:
            learner._take(start)
        return learner

    def hold_to(self, rehearsal: Sequence[Lesson]) -> None:
        """Read at once what the old self might have said in `rehearsal`; steps then need not, and are faster."""
        if self._old is not None:
            self._old.read([encode_lesson(self._model, lesson) for lesson in rehearsal], self._gradient.longest)

    def step(self, lessons: Sequence[Lesson], pace: float = 1.0) -> StepInfo:
        """Learn a little from all of `lessons` at once, at `pace` times the rate of this step, and return how it went.

        Raises UsageError for no lessons, PromptTooLong for one that does not fit, NotANumber for a loss or gradient
        that is not finite; the weights are then those before the step.
        """
        if not lessons:
            raise UsageError("a step needs lessons; practise more, or begin at an easier level")
        begun = self._clock()
        self._model.rest()
        examples = [encode_lesson(self._model, lesson) for lesson in lessons]
        self._optimizer.zero_grad(set_to_none=True)
        cost = self._gradient.add(examples)
        weights = [weight for _, weight in self._weights]
        norm = float(torch.nn.utils.clip_grad_norm_(weights, self.settings.clip))
        if norm != norm or norm == float("inf"):
            self._optimizer.zero_grad(set_to_none=True)
            raise NotANumber(f"the gradient of step {self.steps} has norm {norm}; lower the rate, or train in float32")
        rate = pace * self.settings.rate_at(self.steps, self._hidden)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.steps += 1
        seconds = self._clock() - begun
        return StepInfo(
            self.steps, cost.taught, cost.drift, norm, rate, cost.tokens, cost.learned, cost.computed, seconds
        )

    @contextmanager
    def _as_before(self) -> Iterator[None]:
        """Make the module the old self for a while: its weights are exchanged, and nothing is computed."""
        now = [weight.data for _, weight in self._weights]
        try:
            for name, weight in self._weights:
                weight.data = self._before[name]
            yield
        finally:
            for (_, weight), data in zip(self._weights, now, strict=True):
                weight.data = data

    def save(self, folder: Path) -> Adapter:
        """Return the adapter as it is now, written as a peft folder named by its content within `folder`."""
        adapter = write_adapter(Path(folder), low_rank.weights(self.module), self._config, self._model.identity)
        trim()  # practice comes next, which has a use for what the steps have freed
        return adapter

    def checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on to `path`, replacing it in one step: a kill leaves the old or the new."""
        tensors: dict[str, torch.Tensor] = {}
        for name, weight in self._weights:
            tensors[f"weight.{name}"] = weight.detach()
            tensors[f"before.{name}"] = self._before[name]
            for key, value in self._optimizer.state.get(weight, {}).items():
                tensors[f"{key}.{name}"] = value.detach()
        facts = {
            "base": self._model.identity, "settings": self.settings.as_dict(), "seed": self.seed, "steps": self.steps,
        }  # fmt: skip
        tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
        write_durably(Path(path), save(tensors, metadata={"learner": json.dumps(facts)}))

    @classmethod
    def resume(cls, model: Teachable, path: Path, *, clock: Callable[[], float] = time.perf_counter) -> Learner:
        """Return the learner that wrote `path`: from here it goes on to the same weights, bit for bit.

        The same machine and number of threads are meant: sums in another order round otherwise.
        Raises BadFile for a file that is none of ours, or of another model.
        """
        try:
            with safe_open(path, "pt") as file:
                facts = json.loads((file.metadata() or {})["learner"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        except Exception as error:  # safetensors raises errors of its own for files cut short
            raise BadFile(f"cannot resume from {path}: {error}; begin a new night") from error
        if facts["base"] != model.identity:
            raise BadFile(f"{path} belongs to another model ({facts['base'][:16]}, not {model.identity[:16]})")
        learner = cls(model, LoraSettings(**facts["settings"]), facts["seed"], clock)
        learner.steps = facts["steps"]
        learner._restore(tensors, path)
        return learner

    def _restore(self, tensors: dict[str, torch.Tensor], path: Path) -> None:
        for name, weight in self._weights:
            try:
                weight.data.copy_(tensors.pop(f"weight.{name}"))
                self._before[name].copy_(tensors.pop(f"before.{name}"))
            except (KeyError, RuntimeError) as error:
                raise BadFile(f"{path} does not fit this model at {name}: {error}") from error
            state = {key: tensors.pop(f"{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq") if self.steps}
            if state:
                moved = {key: value if key == "step" else value.to(weight.device) for key, value in state.items()}
                self._optimizer.state[weight] = moved

    def _take(self, start: Adapter) -> None:
        if start.base != self._model.identity:
            raise BadFile(f"the adapter {start.name} belongs to another model ({start.base[:16]})")
        known = read_weights(start)
        mine = low_rank.weights(self.module)
        if {n: t.shape for n, t in known.items()} != {n: t.shape for n, t in mine.items()}:
            raise BadFile(f"the adapter {start.name} has other layers or another rank than {self.settings.rank}")
        for name, weight in self._weights:
            weight.data.copy_(known["base_model.model." + name.replace(f".{low_rank.SLOT}", "")])
            self._before[name].copy_(weight.data)

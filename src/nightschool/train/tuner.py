"""One frame for every way of tuning: the same lessons, in the same steps, change different parts of a model.

    soft-prompt   embeddings in front of the prompt (lester2021)
    bias-only     biases; in models without them, the norms' scales and biases that are added (zaken2022)
    lora          low-rank updates of every linear layer (hu2021)
    full-tuning   everything

What comes out is a model of its own, which shares with the first what it did not change.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from nightschool.errors import NotANumber, Unsupported, UsageError
from nightschool.items import Lesson, digest
from nightschool.models.local import adapters, attention, folder
from nightschool.models.local.heap import trim
from nightschool.models.local.model import LocalModel
from nightschool.ports import Watcher
from nightschool.train import biases, soft_prompt
from nightschool.train.course import take_course
from nightschool.train.examples import Example, encode_lesson
from nightschool.train.lora import Learner
from nightschool.train.masters import Masters
from nightschool.train.readout import Readout
from nightschool.train.settings import LoraSettings, rate_for
from nightschool.train.shared_prefix import Gradient

Way = Literal["soft-prompt", "bias-only", "lora", "full-tuning"]
WAYS: tuple[Way, ...] = ("soft-prompt", "bias-only", "lora", "full-tuning")
_RATES: dict[str, float] = {"full-tuning": 0.08}  # times the rate of LoRA at this hidden size
_SOFT_RATE = 0.1  # of the size of an embedding's numbers: a step moves a row by so much of itself


@dataclass(frozen=True, slots=True)
class Course:
    """How long is learned, whatever the way: every lesson `rounds` times, at least `least_steps` steps of `batch`.

    tokens: learned rows of a soft prompt; clip: largest norm of a gradient; micro_tokens: as for LoRA; rate: times the
    usual one of the way.
    """

    rounds: int = 2
    batch: int = 8
    least_steps: int = 12
    tokens: int = 16
    clip: float = 1.0
    micro_tokens: int = 1024
    warmup_steps: int = 2
    rate: float = 1.0

    def __post_init__(self) -> None:
        if min(self.rounds, self.batch, self.least_steps, self.tokens, self.micro_tokens) < 1 or not (
            self.clip > 0 and self.rate > 0
        ):
            raise UsageError(f"a course has rounds, batches, steps and tokens of at least 1, not {self}")


@dataclass(frozen=True, slots=True)
class TuneInfo:
    """What one step did. loss: nats per learned token, before the step; norm: of the gradient before clipping."""

    loss: float
    norm: float


class Tuner:
    """A model in training in one way other than LoRA. module: what learns; learned: its parameters that do."""

    def __init__(self, model: LocalModel, way: Way, lessons: Sequence[Lesson], course: Course, seed: int) -> None:
        """Begin. lessons: whose words a soft prompt starts from. Raises Unsupported for a way that there is not."""
        self._model, self._way, self._course, self.steps = model, way, course, 0
        self.module: Any = model.fresh_module().eval()  # dropout stays off: nothing here is random
        self.soft: tuple[int, ...] = ()
        hidden = int(self.module.config.get_text_config().hidden_size)
        self._rate = course.rate * rate_for(hidden) * _RATES.get(way, 1.0)
        if way == "soft-prompt":
            words = [token for lesson in lessons for token in model.encode(lesson.prompt)]
            embedding = soft_prompt.put_in(self.module, course.tokens, seed, words)
            self.learned, self.soft = [embedding.rows], embedding.ids
            self._rate = course.rate * _SOFT_RATE * float(embedding.rows.detach().square().mean().sqrt())
        elif way == "bias-only":
            self._widen()
            self.learned, self.added = biases.put_in(self.module)
        elif way == "full-tuning":
            self._widen()
            self.learned = list(self.module.parameters())
            for parameter in self.learned:
                parameter.data = parameter.data.clone()
                parameter.requires_grad_(True)
        else:
            raise Unsupported(f"there is no way of tuning called {way!r}; there are {', '.join(WAYS)}")
        self._masters = Masters(self.learned)
        self._optimizer = torch.optim.AdamW(self._masters.own, lr=0.0, weight_decay=0.0)
        self._gradient = Gradient(Readout(self.module), micro_tokens=course.micro_tokens)
        self._known: dict[str, Example] = {}

    def _widen(self) -> None:
        """Compute in float32, but where bfloat16 has its range and is what the model is asked in."""
        if self._model.dtype is not torch.bfloat16:
            self.module.float()

    def step(self, lessons: Sequence[Lesson]) -> TuneInfo:
        """Take one gradient step on all of `lessons`. Raises PromptTooLong, NotANumber."""
        self._model.rest()
        self._optimizer.zero_grad(set_to_none=True)
        cost = self._gradient.add([self._example(lesson) for lesson in lessons])
        self._masters.take()
        norm = float(torch.nn.utils.clip_grad_norm_(self._masters.own, self._course.clip))
        if not math.isfinite(norm):
            raise NotANumber(f"the gradient of step {self.steps} of {self._way} has norm {norm}; train in float32")
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * min(1.0, (self.steps + 1) / (self._course.warmup_steps + 1))
        self._optimizer.step()
        self._masters.give()
        self.steps += 1
        return TuneInfo(cost.taught, norm)

    def _example(self, lesson: Lesson) -> Example:
        if lesson.id not in self._known:
            plain = encode_lesson(self._model, lesson)
            ids = (*self.soft, *plain.tokens)
            self._known[lesson.id] = Example(ids, len(self.soft) + plain.start, plain.weight)
        return self._known[lesson.id]

    def finish(self, name: str, identity: str) -> LocalModel:
        """Return the model as it is now, to be asked like any other; the tuner learns no more."""
        self._optimizer.zero_grad(set_to_none=True)
        self._optimizer.state.clear()
        module = folder.freeze(self.module.to(self._model.dtype))
        module.set_attn_implementation(attention.NAME)
        if self.soft:
            return soft_prompt.Prompted(module, self._model.tokenizer, self.soft, name=name, identity=identity)
        return LocalModel(module, self._model.tokenizer, name=name, identity=identity)


def identity_of(base: str, way: str, lessons: Sequence[Lesson], course: Course, seed: int) -> str:
    """Return what names the model that these lessons make of `base`, before it is made."""
    return digest("tuned", base, way, [lesson.id for lesson in lessons], asdict(course), seed)


def tune(
    model: LocalModel,
    way: Way,
    lessons: Sequence[Lesson],
    *,
    seed: int = 0,
    course: Course | None = None,
    watch: Watcher | None = None,
) -> LocalModel:
    """Return a model of its own that learned `lessons` in this `way`; `model` stays as it is.

    Raises UsageError for no lessons, PromptTooLong, NotANumber, and Unsupported where the way cannot be gone.
    """
    course = course or Course()
    identity = identity_of(model.identity, way, lessons, course, seed)
    name = f"{model.name} after {way}"
    shape = {"rounds": course.rounds, "batch": course.batch, "least_steps": course.least_steps}
    try:
        if way == "lora":
            hidden = int(model.module.config.get_text_config().hidden_size)
            learner = Learner.fresh(model, LoraSettings(rate=course.rate * rate_for(hidden)), seed)
            take_course(learner, lessons, seed=seed, watch=watch, **shape)
            with tempfile.TemporaryDirectory(prefix="nightschool-") as scratch:
                module = adapters.merged(model.module, learner.save(Path(scratch)))
            return LocalModel(module, model.tokenizer, name=name, identity=identity)
        tuner = Tuner(model, way, lessons, course, seed)
        take_course(tuner, lessons, seed=seed, watch=watch, **shape)
        return tuner.finish(name, identity)
    finally:
        trim()

"""The distributions that everything else is made of: one choice each, a function of its arguments and of noise.

That a choice is a function of noise makes it replayable, and what-ifs possible: the noise that a choice must have come
from is drawn back from it (`imagine`) and used again under other arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import distributions as laws

from nightschool.errors import UnknownName, UsageError
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace, checked, generate_by
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True, slots=True)
class Primitive:
    """One choice. The last `inner` dimensions of its first argument belong to one value's distribution.

    law: the torch distribution of the arguments; noise: random numbers that a choice takes; draw: the choice as a
    function of arguments and noise; recover: noise that gives this choice under these arguments, drawn from all that
    do; ordered: the finite support, where there is one.
    """

    name: str
    law: Callable[..., Any]
    noise: Callable[[Lanes, tuple[int, ...]], torch.Tensor]
    draw: Callable[[Tensors, torch.Tensor], torch.Tensor]
    recover: Callable[[Tensors, torch.Tensor, Lanes], torch.Tensor]
    inner: int = 0
    levels: Callable[[Tensors], torch.Tensor] | None = None
    ports: Mapping[str, Port] = field(default_factory=dict)
    primitive: bool = True

    def __call__(self, *args: Any) -> Call:
        """Return the call of this distribution with `args`."""
        return Call(self, args)

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one draw for each lane."""
        given = self.aligned(args, len(lanes))
        value = self.draw(given, self.noise(lanes, tuple(given[0].shape[1:])))
        return Trace(self, args, value, self.logp(given, value))

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the choice given at the empty address, weighed; drawn where none is given."""
        if proposal is not None:
            return generate_by(self, args, given, lanes, proposal)
        if not given:
            trace = self.simulate(args, lanes)
            return trace, torch.zeros_like(trace.logp)
        trace = self._valued(args, given, len(lanes))
        return trace, trace.logp

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the choice changed, or kept and weighed under other arguments."""
        args = trace.args if args is None else args
        if given:
            new = self._valued(args, given, len(trace), trace.fixed)
        elif all(map(columns.same, args, trace.args)):
            return trace, torch.zeros_like(trace.logp)
        else:
            new = self._valued(args, {"": trace.value}, len(trace), trace.fixed)
        return new, new.logp - trace.logp

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return the choice that the same noise gives under other arguments, or the one that `do` holds."""
        if do:
            held = columns.spread(do[""], len(trace))
            return Trace(self, trace.args, held, torch.zeros_like(trace.logp), fixed=True)
        args = trace.args if args is None else args
        if all(map(columns.same, args, trace.args)):
            return trace
        old, new = self.aligned(trace.args, len(trace)), self.aligned(args, len(trace))
        value = self.draw(new, self.recover(old, trace.value, lanes))
        return Trace(self, args, value, self.logp(new, value))

    def aligned(self, args: tuple[Any, ...], n: int) -> Tensors:
        """Return the arguments as float64 tensors of n rows and equal shape, smaller ones repeated to the right."""
        tensors = []
        for arg in args:
            tensor = arg if isinstance(arg, torch.Tensor) else torch.tensor(arg, dtype=torch.float64)
            tensor = tensor[None] if 0 < self.inner == tensor.ndim else tensor
            tensors.append(columns.spread(tensor.double(), n))
        most = max(tensor.ndim for tensor in tensors)
        tensors = [tensor.reshape(*tensor.shape, *[1] * (most - tensor.ndim)) for tensor in tensors]
        return tuple(torch.broadcast_tensors(*tensors))

    def logp(self, args: Tensors, value: torch.Tensor) -> torch.Tensor:
        """Return [n] the log-probability of `value`. Raises NotANumber."""
        each = self.law(*args).log_prob(value)
        return checked(self.name, each.reshape(len(each), -1).sum(1))

    def _valued(self, args: tuple[Any, ...], given: Given, n: int, fixed: bool = True) -> Trace:
        if given.keys() != {""}:
            raise UnknownName("choice", next(iter(given.keys() - {""})), [], f"{self.name} makes one choice")
        value, aligned = columns.spread(given[""], n), self.aligned(args, n)
        if not isinstance(value, torch.Tensor):
            raise UsageError(f"{self.name} chooses numbers, not {value[0]!r}")
        shape = aligned[0].shape[: aligned[0].ndim - self.inner]
        value = value.reshape(*value.shape, *[1] * (len(shape) - value.ndim)).expand(shape) \
            if value.shape != shape else value  # fmt: skip
        return Trace(self, args, value, self.logp(aligned, value), fixed=fixed)


def _uniforms(lanes: Lanes, shape: tuple[int, ...]) -> torch.Tensor:
    return lanes.uniform(shape)


def _by_quantile(law: Callable[..., Any]) -> dict[str, Any]:
    """Return how a continuous law draws: by its quantile function, which noise can be read back from."""
    return {
        "law": lambda *args: law(*args, validate_args=False),
        "noise": _uniforms,
        "draw": lambda args, u: law(*args, validate_args=False).icdf(u),
        "recover": lambda args, value, lanes: law(*args, validate_args=False).cdf(value).clamp(1e-300, 1 - 1e-16),
    }


uniform = Primitive("uniform", **_by_quantile(laws.Uniform))
normal = Primitive("normal", **_by_quantile(laws.Normal))
laplace = Primitive("laplace", **_by_quantile(laws.Laplace))
exponential = Primitive("exponential", **_by_quantile(laws.Exponential))


def _shrunk(u: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    return low + u * (high - low)


def _coin_noise(args: Tensors, value: torch.Tensor, lanes: Lanes) -> torch.Tensor:
    p, u = args[0], lanes.uniform(tuple(value.shape[1:]))
    return torch.where(value.bool(), _shrunk(u, torch.zeros_like(p), p), _shrunk(u, p, torch.ones_like(p)))


bernoulli = Primitive(
    "bernoulli",
    law=lambda p: _Coin(p),
    noise=_uniforms,
    draw=lambda args, u: u < args[0],
    recover=_coin_noise,
    levels=lambda args: torch.tensor([False, True]),
)


class _Coin:
    """A coin whose probability may be 0 or 1 and whose value may be a truth."""

    def __init__(self, p: torch.Tensor) -> None:
        self.p = p

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        return torch.log(torch.where(value.bool(), self.p, 1 - self.p))


def _gumbels(lanes: Lanes, shape: tuple[int, ...]) -> torch.Tensor:
    return -torch.log(-torch.log(lanes.uniform(shape)))


def _gumbels_that_chose(args: Tensors, value: torch.Tensor, lanes: Lanes) -> torch.Tensor:
    """Return Gumbel noise given which level it chose: the top one free, the others cut off below it.

    Ref: maddison2014; oberst2019, 3.3.
    """
    logits = torch.log_softmax(args[0], -1)
    fresh = _gumbels(lanes, tuple(logits.shape[1:]))
    top = fresh.gather(-1, value[..., None])  # the maximum of all is a Gumbel of the total mass, which is one
    cut = -torch.logaddexp(-top.expand_as(fresh), -(fresh + logits))
    return torch.where(torch.arange(logits.shape[-1]) == value[..., None], top, cut) - logits


categorical = Primitive(
    "categorical",
    law=lambda logits: laws.Categorical(logits=logits, validate_args=False),
    noise=_gumbels,
    draw=lambda args, gumbels: (torch.log_softmax(args[0], -1) + gumbels).argmax(-1),
    recover=_gumbels_that_chose,
    inner=1,
    levels=lambda args: torch.arange(args[0].shape[-1]),
)

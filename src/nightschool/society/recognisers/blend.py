"""A guess mixed with what the model itself would draw, so that no explanation that is possible is ever left out.

q(choices) = trust * guess + (1 - trust) * prior. Weights against the whole mixture are at most p(seen | choices) /
(1 - trust): however wrong the guess is, the estimate stays unbiased and its weights bounded. Ref: hesterberg1995.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nightschool.errors import Unsupported, UsageError
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """A proposal: each run's choices come from `guess` with probability `trust`, else from `prior` given `given`.

    prior: the call that is to be explained, or a cheaper one that makes the same choices in the same way without what
    is seen, where `given` is left empty.
    """

    prior: Call
    guess: Call
    given: Given = field(default_factory=dict)
    trust: float = 0.9
    name: str = "blend"
    ports: Mapping[str, Port] = field(default_factory=dict)
    primitive: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.trust < 1:
            raise UsageError(f"a guess is trusted with 0 or more and less than 1, not {self.trust}; try 0.9")

    def __call__(self) -> Call:
        """Return the call of this proposal: give it as `Importance(n, proposal=...)`."""
        return Call(self, ())

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return proposals, their log-density being that of the mixture, whichever of the two each came from."""
        guessed = self.guess.model.simulate(self.guess.args, lanes.child("guess")).choices()
        own, _ = self.prior.model.generate(self.prior.args, self.given, lanes.child("own"))
        trusted = lanes.child("trust").uniform() < self.trust
        drawn = own.choices()
        made = {address: _either(trusted, value, drawn[address]) for address, value in guessed.items()}
        return self.generate((), made, lanes)[0]

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the trace of choices that are all given, and the log-density [n] that the mixture gives them."""
        if proposal is not None:
            raise UsageError("a blend is a proposal and takes none")
        guess, _ = self.guess.model.generate(self.guess.args, given, lanes)
        prior, _ = self.prior.model.generate(self.prior.args, {**self.given, **given}, lanes)
        own = _density(prior, given)
        whole = torch.logaddexp(guess.logp + _log(self.trust), own + _log(1 - self.trust))
        return Trace(self, args, None, whole, guess.parts), whole

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Raises Unsupported: proposals are made anew."""
        raise Unsupported("a blend only proposes; change the runs of the model that it proposes to")

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Raises Unsupported: proposals are about this world."""
        raise Unsupported("a blend only proposes; imagine with the model that it proposes to")


def _density(trace: Trace, chosen: Given) -> torch.Tensor:
    """Return [n] the log-probability of the choices at these addresses, under what came before each of them.

    Raises Unsupported where another choice was drawn before the last of them: then it is no density of theirs alone.
    """
    total, left, drawn = torch.zeros(len(trace), dtype=torch.float64), set(chosen), None
    for address, leaf in trace.leaves():
        if address in left:
            if drawn is not None:
                raise Unsupported(
                    f"the guess leaves out {drawn!r}, which {address!r} may hang on; let it make all before"
                )
            total = total + leaf.logp
            left.discard(address)
        elif not leaf.fixed:
            drawn = address
    return total


def _either(which: torch.Tensor, a: columns.Column, b: columns.Column) -> columns.Column:
    if isinstance(a, torch.Tensor):
        return torch.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b.to(a.dtype))
    return tuple(x if yes else y for yes, x, y in zip(which.tolist(), a, b, strict=True))


def _log(p: float) -> torch.Tensor:
    return torch.tensor(p, dtype=torch.float64).log()

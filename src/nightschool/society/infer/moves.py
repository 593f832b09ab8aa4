"""Moves that leave the posterior as it is: random walk, Langevin, Hamiltonian, and drawing a choice afresh.

A move takes n runs and returns n runs, each moved or left where it was: (trace, accepted [n]). Where runs go different
ways, those that make the same choices are moved together, so that what happens to a run hangs on nothing but itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from nightschool.errors import UnknownName, Unsupported, UsageError
from nightschool.society import columns
from nightschool.society.columns import Column
from nightschool.society.generative import Trace, add_rows
from nightschool.society.infer.latents import Latents, continuous
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import Factor
from nightschool.society.traces import alike, join, made, pick, rows_of


class Move(Protocol):
    """A Markov kernel on the runs of a trace."""

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after the move, and which of them accepted it. power: of the likelihood.

        Raises Unsupported where it cannot move what it is told to, or where a run would come to make a given choice
        that it did not make before, or leave one behind: what is given must be made whichever way a run goes.
        """


@dataclass(frozen=True, slots=True)
class Walk:
    """A step of normal size `scale` in all continuous choices, accepted by Metropolis' rule. Ref: metropolis1953."""

    scale: float = 0.5

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one step. Choices that come with it are drawn, those that go would be drawn again."""

        def step(trace: Trace, latents: Latents, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
            here = latents.read(trace)
            there = here + self.scale * lanes.child("step").normal(here.shape[1:])
            (_, before), (given, after) = latents.placed(here), latents.placed(there)
            moved, ratio = trace.model.update(trace, given, lanes.child("update"))
            moved = moved.loosened(frozenset(given))
            ratio = ratio + torch.where(made(moved, latents.addresses), after - before, 0.0).sum(1)
            return _accept(trace, moved, ratio + _tempered(trace, moved, power), lanes)

        return _continuously(trace, lanes, step)


@dataclass(frozen=True, slots=True)
class Langevin:
    """A step along the gradient with noise, corrected by Metropolis' rule (MALA). Ref: roberts1996.

    Raises Unsupported where choices come or go with the step: there a gradient ends, and `Walk` goes on.
    """

    step: float = 0.1

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one step."""
        half = self.step**2 / 2

        def step(trace: Trace, latents: Latents, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
            here = latents.read(trace)
            _, before, up = latents.slope(trace, here, lanes.child("update"), power)
            there = here + half * up + self.step * lanes.child("step").normal(here.shape[1:])
            moved, after, back = latents.slope(trace, there, lanes.child("update"), power)
            _refuse_other_ways(trace, moved)
            forth = -((there - here - half * up) ** 2).sum(1) / (2 * self.step**2)
            return_ = -((here - there - half * back) ** 2).sum(1) / (2 * self.step**2)
            return _accept(trace, moved, after - before + return_ - forth, lanes)

        return _continuously(trace, lanes, step)


@dataclass(frozen=True, slots=True)
class Hamiltonian:
    """`leaps` leapfrog steps of size `step` with fresh momentum, corrected by Metropolis' rule. Ref: neal2011.

    Raises Unsupported where choices come or go on the way, as `Langevin` does.
    """

    step: float = 0.1
    leaps: int = 10

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one trajectory."""

        def step(trace: Trace, latents: Latents, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
            at = latents.read(trace)
            momentum = lanes.child("momentum").normal(at.shape[1:])
            moved, before, up = latents.slope(trace, at, lanes.child("update"), power)
            energy = before - (momentum**2).sum(1) / 2
            after = before
            for _ in range(self.leaps):
                momentum = momentum + self.step / 2 * up
                at = at + self.step * momentum
                moved, after, up = latents.slope(moved, at, lanes.child("update"), power)
                _refuse_other_ways(trace, moved)
                momentum = momentum + self.step / 2 * up
            return _accept(trace, moved, after - (momentum**2).sum(1) / 2 - energy, lanes)

        return _continuously(trace, lanes, step)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The choices at `addresses` drawn again from the model, one after the other, and with them what they lead to.

    Needs no gradient and works on choices of any kind; a run that does not make one of them leaves it out. The ratio of
    the prior's parts cancels, so that acceptance depends on everything else alone. Ref: wingate2011.
    """

    addresses: tuple[str, ...]

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after all of the addresses were drawn again.

        Raises UnknownName for one that no run has now, UsageError for one that is given.
        """
        for address in self.addresses:
            if address not in trace.addresses():
                raise UnknownName("choice", address, trace.addresses(), f"in any run of {trace.model.name} now")
            if trace.part(address).fixed:
                raise UsageError(f"the choice {address!r} is given, and is not drawn afresh; leave it out of the move")
        order = [address for address in trace.addresses() if address in self.addresses]

        def step(trace: Trace, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
            fresh: dict[str, Column] = {}
            moved, ratio = trace, torch.zeros(len(trace), dtype=torch.float64)
            # a later choice is drawn under the earlier ones as they are now, as it will be on the way back
            for address in [address for address in order if made(trace, [address]).all()]:
                if not made(moved, [address]).any():
                    continue
                leaf, rows = moved.part(address), rows_of(moved, address)
                again = leaf.model.simulate(leaf.args, _of(lanes, rows).child("fresh", address)).value
                fresh[address] = again if rows is None else _among(trace[address], again, rows)
                moved, ratio = trace.model.update(trace, fresh, lanes.child("update"))
                moved = moved.loosened(frozenset(fresh))
            for address in fresh:
                ratio = ratio + _logp(trace, address, moved) - _logp(moved, address, trace)
            return _accept(trace, moved, ratio + _tempered(trace, moved, power), lanes)

        return _apart(trace, lanes, order, step)


def _continuously(trace: Trace, lanes: Lanes, step: Callable[[Trace, Latents, Lanes], tuple[Trace, torch.Tensor]]
                  ) -> tuple[Trace, torch.Tensor]:  # fmt: skip
    """Return the runs after a `step` in all continuous choices that each makes; one that makes none stays."""
    addresses = [address for address, _ in continuous(trace)]

    def taken(trace: Trace, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
        if addresses and not made(trace, addresses).any():
            return trace, torch.zeros(len(trace), dtype=torch.bool)
        return step(trace, Latents.of(trace), lanes)

    return _apart(trace, lanes, addresses, taken)


def _apart(trace: Trace, lanes: Lanes, addresses: Sequence[str],
           step: Callable[[Trace, Lanes], tuple[Trace, torch.Tensor]]) -> tuple[Trace, torch.Tensor]:  # fmt: skip
    """Return the runs after a `step` of each group that makes the same of these choices."""
    groups = alike(trace, addresses)
    if len(groups) == 1:
        moved, accepted = step(trace, lanes)
    else:
        done = [step(trace.take(rows), lanes.take(rows)) for rows in groups]
        order = torch.cat(groups).argsort()
        moved, accepted = join([part for part, _ in done], order), torch.cat([yes for _, yes in done])[order]
    given = [address for address, leaf in trace.leaves() if leaf.fixed and not isinstance(leaf.model, Factor)]
    off = (made(trace, given) != made(moved, given)).any(0)
    if bool(off.any()):
        raise Unsupported(
            f"the choice {given[int(off.nonzero()[0, 0])]!r} is given and made in some runs only, and a move went from "
            "one kind to the other; let the program make it whichever way it goes, or use Importance"
        )
    return moved, accepted


def _accept(old: Trace, new: Trace, ratio: torch.Tensor, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
    accepted = lanes.child("accept").uniform().log() < ratio.nan_to_num(nan=-torch.inf)
    return pick(accepted, new, old), accepted


def _tempered(old: Trace, new: Trace, power: float) -> torch.Tensor:
    """Return what the ratio of two traces lacks where the likelihood counts with this power."""
    if power == 1.0:
        return torch.zeros(len(old), dtype=torch.float64)
    return (power - 1.0) * (new.likelihood() - old.likelihood())


def _refuse_other_ways(old: Trace, new: Trace) -> None:
    addresses = list(dict.fromkeys([*old.addresses(), *new.addresses()]))
    off = (made(old, addresses) != made(new, addresses)).any(0)
    if bool(off.any()):
        raise Unsupported(
            f"the choice {addresses[int(off.nonzero()[0, 0])]!r} comes or goes with a step along the gradient, which "
            "ends there; use Walk or Fresh"
        )


def _of(lanes: Lanes, rows: torch.Tensor | None) -> Lanes:
    return lanes if rows is None else lanes.take(rows)


def _among(old: Column, fresh: Column, rows: torch.Tensor) -> Column:
    """Return `old` with these rows of it replaced by `fresh`."""
    n = len(old)
    return columns.join([old, fresh], torch.arange(n).index_copy(0, rows, torch.arange(n, n + len(rows))))


def _logp(trace: Trace, address: str, other: Trace) -> torch.Tensor:
    """Return [n] the log-probability of a choice of `trace`, in the runs of `other` that make it too."""
    rows = rows_of(trace, address)
    whole = add_rows(torch.zeros(len(trace), dtype=torch.float64), trace.part(address).logp, rows)
    return torch.where(made(other, [address])[:, 0], whole, 0.0)

"""Programs that compose models: a generator that yields calls, each with an address, and is sent their values.

    @program
    def sprinkler():
        rain = yield "rain", bernoulli(0.2)
        wet = yield "wet", bernoulli(torch.where(rain, 0.9, 0.1))
        return wet

One execution serves all n runs: values are columns. Where what is called depends on what came back, run by run, use
`each`, which executes the body once for each run and still makes one call for all that ask the same.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society import columns
from nightschool.society.generative import Call, Generative, Given, Trace, add_rows, generate_by
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port
from nightschool.society.traces import pick

Body = Callable[..., Generator[tuple[str, Call], Any, Any]]
Answer = Callable[[str, Call, torch.Tensor | None], Trace]
"""Answers the call at an address for these runs (None: for all)."""

_running: ContextVar[tuple[str, ...]] = ContextVar("running", default=())
DEEPEST = 60  # far below the depth at which Python itself gives up


class Program:
    """A generative model whose runs are executions of `body`."""

    primitive = False

    def __init__(self, body: Body, name: str | None = None, ports: Mapping[str, Port] | None = None) -> None:
        self.body, self.name = body, name or str(getattr(body, "__name__", "program"))
        self.ports: Mapping[str, Port] = dict(ports or {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} {self.name}>"

    def __call__(self, *args: Any) -> Call:
        """Return the call of this program with `args`."""
        return Call(self, args)

    def execute(self, args: tuple[Any, ...], n: int, answer: Answer) -> tuple[Any, dict[str, Trace]]:
        """Return the value of n runs and the traces of their calls, each as `answer` gives it."""
        parts: dict[str, Trace] = {}
        running = self.body(*args)
        try:
            address, call = _request(self.name, next(running), parts)
            while True:
                parts[address] = answer(address, call, None)
                address, call = _request(self.name, running.send(parts[address].value), parts)
        except StopIteration as stop:
            return (None if stop.value is None else columns.spread(stop.value, n)), parts

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one execution for each lane."""

        def answer(address: str, call: Call, rows: torch.Tensor | None) -> Trace:
            return call.model.simulate(call.args, _lanes(lanes, address, rows))

        return self._traced(args, len(lanes), answer)

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return executions with the `given` choices, and their log-weights."""
        if proposal is not None:
            return generate_by(self, args, given, lanes, proposal)
        weights, inner = _Weights(len(lanes)), _Given(self.name, given, len(lanes))

        def answer(address: str, call: Call, rows: torch.Tensor | None) -> Trace:
            part, logw = call.model.generate(call.args, inner.below(address, rows), _lanes(lanes, address, rows))
            weights.add(logw, rows)
            return part

        trace = self._traced(args, len(lanes), answer)
        inner.check(trace)
        return trace, weights.total

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the executions with `given` choices or arguments changed, and the log-weights."""
        args, n = trace.args if args is None else args, len(trace)
        weights, inner, met = _Weights(n), _Given(self.name, given, n), _Met(trace)

        def answer(address: str, call: Call, rows: torch.Tensor | None) -> Trace:
            below, here = inner.below(address, rows), _lanes(lanes, address, rows)
            old, had = met.part(address, call, rows)
            if old is None:
                part, logw = call.model.generate(call.args, below, here)
            elif had is None:
                part, logw = call.model.update(old, below, here, call.args)
            else:
                part, logw = _partly(call, old, had, below, here)
            weights.add(logw, rows)
            return part

        new = self._traced(args, n, answer)
        inner.check(new, trace)
        return new, weights.total - met.gone(new, inner)

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return the executions in the world where `do` holds, with the same noise."""
        args, n = trace.args if args is None else args, len(trace)
        inner, met = _Given(self.name, do, n), _Met(trace)

        def answer(address: str, call: Call, rows: torch.Tensor | None) -> Trace:
            below, here = inner.below(address, rows), _lanes(lanes, address, rows)
            old, had = met.part(address, call, rows)
            if old is None:
                old, had = call.model.simulate(call.args, here), None
            elif had is not None:
                old = pick(had, *_both(old, call.model.simulate(call.args, here), had))
            return call.model.imagine(old, below, here, call.args)

        new = self._traced(args, n, answer)
        inner.check(new)
        return new

    def _traced(self, args: tuple[Any, ...], n: int, answer: Answer) -> Trace:
        with _guarded(self.name):
            value, parts = self.execute(args, n, answer)
        logp = torch.zeros(n, dtype=torch.float64)
        for part in parts.values():
            logp = add_rows(logp, part.logp, part.rows)
        return Trace(self, args, value, logp, parts)


def program(body: Body) -> Program:
    """Return the generative model whose runs are executions of `body`, all of them at once."""
    return Program(body)


def _request(name: str, request: Any, parts: Mapping[str, Trace]) -> tuple[str, Call]:
    match request:
        case (str(address), Call() as call) if address and "/" not in address:
            if address in parts:
                raise UsageError(f"{name} makes two choices at {address!r}; give each an address of its own")
            return address, call
    raise UsageError(f'{name} yielded {request!r}; yield an address without slashes and a call: "x", normal(0, 1)')


@contextmanager
def _guarded(name: str) -> Iterator[None]:
    """Refuse a composition that goes round in circles, naming the circle."""
    stack = _running.get()
    if len(stack) >= DEEPEST:
        raise UsageError(f"{len(stack)} models call each other: {' > '.join([*stack[-4:], name])}; break the circle")
    token = _running.set((*stack, name))
    try:
        yield
    finally:
        _running.reset(token)


def _lanes(lanes: Lanes, address: str, rows: torch.Tensor | None) -> Lanes:
    return (lanes if rows is None else lanes.take(rows)).child(address)


class _Weights:
    """The log-weights of n runs, added up part by part."""

    def __init__(self, n: int) -> None:
        self.total = torch.zeros(n, dtype=torch.float64)

    def add(self, amount: torch.Tensor, rows: torch.Tensor | None) -> None:
        self.total = add_rows(self.total, amount, rows)


class _Given:
    """Known choices, handed down address by address, and what of them nobody asked for."""

    def __init__(self, name: str, given: Given, n: int) -> None:
        self.name, self.n = name, n
        self.by_head: dict[str, dict[str, Any]] = {}
        for address, value in given.items():
            head, _, rest = address.partition("/")
            self.by_head.setdefault(head, {})[rest] = columns.spread(value, n)
        self.asked: set[str] = set()

    def below(self, address: str, rows: torch.Tensor | None) -> Given:
        self.asked.add(address)
        inner = self.by_head.get(address, {})
        return inner if rows is None else {key: columns.take(value, rows) for key, value in inner.items()}

    def check(self, trace: Trace, old: Trace | None = None) -> None:
        """Raise UnknownName for what nobody asked for, unless the `old` runs made it, which these do not."""
        for head in self.by_head.keys() - self.asked - (old.parts.keys() if old else set()):
            rest = next(iter(self.by_head[head]))
            raise UnknownName("choice", f"{head}/{rest}".rstrip("/"), trace.addresses(), f"in {self.name}")


class _Met:
    """The parts of an old trace, and which of them the new executions came past."""

    def __init__(self, old: Trace) -> None:
        self.old, self.n = old, len(old)
        self.seen: dict[str, torch.Tensor | None] = {}

    def part(self, address: str, call: Call, rows: torch.Tensor | None) -> tuple[Trace | None, torch.Tensor | None]:
        """Return what these runs did at `address`, and a mask of which of them did (None: all; no trace: none)."""
        old = self.old.parts.get(address)
        if old is None or not _alike(old.model, call.model):
            return None, None
        if rows is None and old.rows is None:
            self.seen[address] = None
            return old, None
        rows = torch.arange(self.n) if rows is None else rows
        place = torch.arange(self.n)
        if old.rows is not None:
            place = torch.full((self.n,), -1).index_copy(0, old.rows, torch.arange(len(old)))
        place = place[rows]
        had = place >= 0
        before = self.seen.get(address)
        mask = torch.zeros(self.n, dtype=torch.bool) if before is None else before
        self.seen[address] = mask.index_fill(0, rows[had], True)
        if not bool(had.any()):
            return None, None
        return old.take(place[had]), None if bool(had.all()) else had

    def gone(self, new: Trace, given: _Given) -> torch.Tensor:
        """Return [n] the log-probability of what the new executions did not come past and would not draw again.

        That is what was fixed, and a choice that is `given` and now made by another distribution.
        """
        total = torch.zeros(self.n, dtype=torch.float64)
        for address, part in self.old.parts.items():
            if address in self.seen and self.seen[address] is None:
                continue
            rows = torch.arange(self.n) if part.rows is None else part.rows
            lost = part.likelihood()
            if part.model.primitive and "" in given.by_head.get(address, {}) and address in new.parts:
                still = new.parts[address].rows
                lost = part.logp if still is None else torch.where(torch.isin(rows, still), part.logp, lost)
            mask = self.seen.get(address)
            total = add_rows(total, lost if mask is None else torch.where(mask[rows], 0.0, lost), rows)
        return total


def _alike(old: Generative, new: Generative) -> bool:
    """Return whether choices of one model are choices of the other; programs are compared part by part as they run."""
    return old == new or (isinstance(old, Program) and isinstance(new, Program))


def _partly(call: Call, old: Trace, had: torch.Tensor, given: Given, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
    """Return the parts of runs some of which were here before: those updated, the others begun."""
    n = len(had)
    yes, no = had.nonzero()[:, 0], (~had).nonzero()[:, 0]

    def split(rows: torch.Tensor) -> tuple[tuple[Any, ...], Given, Lanes]:
        args = tuple(columns.take_shared(arg, rows, n) for arg in call.args)
        return args, {key: columns.take(value, rows) for key, value in given.items()}, lanes.take(rows)

    args, inner, here = split(yes)
    kept, kept_w = call.model.update(old, inner, here, args)
    args, inner, here = split(no)
    begun, begun_w = call.model.generate(args, inner, here)
    weights = torch.zeros(n, dtype=torch.float64).index_add(0, yes, kept_w).index_add(0, no, begun_w)
    return pick(had, *_both(kept, begun, had, begun_small=True)), weights


def _both(kept: Trace, begun: Trace, had: torch.Tensor, begun_small: bool = False) -> tuple[Trace, Trace]:
    """Return two traces of all runs, of which the mask picks the right rows of each."""
    position = had.long().cumsum(0) - 1
    all_kept = kept.take(position.clamp_min(0))
    if not begun_small:
        return all_kept, begun
    position = (~had).long().cumsum(0) - 1
    return all_kept, begun.take(position.clamp_min(0))

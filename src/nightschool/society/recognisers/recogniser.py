"""A network as a proposal: given what is seen, it makes the choices that explain it, one after the other.

Each choice is told those before it. A discrete one is a softmax, one on a line a mixture of Gaussians, mapped to where
it lives. Ref: le2017.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from safetensors.torch import load, save
from torch import nn

from nightschool.errors import BadFile, UnknownName, Unsupported, UsageError
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace, checked
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port
from nightschool.society.primitives import categorical
from nightschool.society.recognisers.kinds import Kind, kinds_of

WIDEST = 6.0
"""log-scales are kept within this of 0"""
_PROPOSED = replace(categorical, name="proposed")  # what stands in traces for a choice that a network made


class Recogniser:
    """Proposes the choices `kinds` from what is seen at `seen`, an address -> the size of one value there.

    Called with what is given: a mapping of address to one value, or to one for each run. trunk: what makes features of
    the seen numbers [n, all sizes] in place of two plain layers, with the width of its features.
    """

    primitive = False

    def __init__(
        self,
        seen: Mapping[str, int],
        kinds: Sequence[Kind],
        *,
        width: int = 64,
        modes: int = 4,
        seed: int = 0,
        trunk: tuple[nn.Module, int] | None = None,
        name: str = "recogniser",
    ) -> None:
        self.name, self.seen, self.kinds, self.width, self.modes = name, dict(seen), tuple(kinds), width, modes
        self.ports: Mapping[str, Port] = {}
        total = sum(self.seen.values())
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            plain = nn.Sequential(nn.Linear(total, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
            self.module = nn.ModuleDict({"trunk": trunk[0] if trunk else plain})
            before, heads = (trunk[1] if trunk else width), []
            for kind in self.kinds:
                out = self._outputs(kind)
                heads.append(nn.Sequential(nn.Linear(before, width), nn.GELU(), nn.Linear(width, out)))
                before += kind.told
            self.module["heads"] = nn.ModuleList(heads)
        self.module.register_buffer("middle", torch.zeros(total))
        self.module.register_buffer("spread", torch.ones(total))

    @classmethod
    def of(cls, call: Call, seen: Sequence[str], lanes: Lanes, **settings: Any) -> Recogniser:
        """Return an untaught recogniser of `call` where `seen` is given, its sizes read from runs of the model.

        Raises UnknownName for an address that the model does not have, Unsupported (see `kinds_of`).
        """
        trace = call.model.simulate(call.args, lanes)
        known = trace.choices()
        if missing := [address for address in seen if address not in known]:
            raise UnknownName("choice", missing[0], known, f"in {call.model.name}")
        sizes = {address: int(math.prod(known[address].shape[1:])) for address in seen}
        made = cls(sizes, kinds_of(trace, seen), name=f"recogniser of {call.model.name}", **settings)
        numbers, _ = made.numbers(known)
        made.module.middle.copy_(numbers.mean(0))
        made.module.spread.copy_(numbers.std(0).clamp_min(1e-3 * float(numbers.std()) + 1e-6))
        return made

    def __call__(self, given: Given) -> Call:
        """Return the call that proposes for `given`."""
        return Call(self, (dict(given),))

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one proposal for each lane."""
        return self.generate(args, {}, lanes)[0]

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return proposals with the choices in `given`, and the log-density of those."""
        if proposal is not None or (unknown := given.keys() - {kind.address for kind in self.kinds}):
            what = "a proposal of its own" if proposal is not None else repr(sorted(unknown)[0])
            raise UsageError(f"{self.name} takes no {what}; it proposes {', '.join(k.address for k in self.kinds)}")
        n = len(lanes)
        with torch.no_grad():
            features = self.features(args[0], n)
            parts: dict[str, Trace] = {}
            logp, logw = torch.zeros(n, dtype=torch.float64), torch.zeros(n, dtype=torch.float64)
            for kind, head in zip(self.kinds, self.module["heads"], strict=True):
                out = head(features).double()
                held = columns.spread(given[kind.address], n) if kind.address in given else None
                value = self._drawn(kind, out, lanes.child(kind.address)) if held is None else held
                each = checked(self.name, self._density(kind, out, value))
                parts[kind.address] = Trace(_PROPOSED, (), value, each, fixed=held is not None)
                logp = logp + each
                logw = logw if held is None else logw + each
                features = torch.cat([features, kind.numbers(value)], 1)
        return Trace(self, args, None, logp, parts), logw

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Raises Unsupported: proposals are made anew."""
        raise Unsupported(f"{self.name} only proposes; change the runs of the model that it proposes to")

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Raises Unsupported: proposals are about this world."""
        raise Unsupported(f"{self.name} only proposes; imagine with the model that it proposes to")

    def loss(self, choices: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return [n] minus the log-density of what was chosen given what was seen, with its graph."""
        n = len(next(iter(choices.values())))
        features, total = self.features(choices, n), torch.zeros(n, dtype=torch.float64)
        for kind, head in zip(self.kinds, self.module["heads"], strict=True):
            value = choices[kind.address]
            total = total - self._density(kind, head(features).double(), value)
            features = torch.cat([features, kind.numbers(value)], 1)
        return total

    def numbers(self, given: Given) -> tuple[torch.Tensor, int]:
        """Return [k, all sizes] what is seen, float32, and k, 1 where all runs see the same. Raises UsageError."""
        if missing := [address for address in self.seen if address not in given]:
            raise UsageError(f"{self.name} looks at {', '.join(self.seen)}; {missing[0]!r} is not given")
        parts = []
        for address, size in self.seen.items():
            value = given[address]
            tensor = value if isinstance(value, torch.Tensor) else torch.tensor(value)
            parts.append(tensor.reshape(-1, size).float())
        rows = max(len(part) for part in parts)
        return torch.cat([part.expand(rows, -1) for part in parts], 1), rows

    def features(self, given: Given, n: int) -> torch.Tensor:
        """Return [n, width] what the network makes of what is seen: once, where all runs see the same."""
        numbers, rows = self.numbers(given)
        found: torch.Tensor = self.module["trunk"]((numbers - self.module.middle) / self.module.spread)
        return found.expand(n, -1) if rows == 1 else found

    def pack(self) -> bytes:
        """Return it as bytes: a header of what it sees and proposes, and its weights. For plain trunks."""
        header = {"name": self.name, "seen": self.seen, "kinds": [kind.as_dict() for kind in self.kinds],
                  "width": self.width, "modes": self.modes}  # fmt: skip
        state = {name: tensor.detach().clone().contiguous() for name, tensor in self.module.state_dict().items()}
        return save(state, metadata={"recogniser": json.dumps(header)})

    @classmethod
    def unpack(cls, data: bytes) -> Recogniser:
        """Return the recogniser that `pack` wrote. Raises BadFile."""
        try:
            size = int.from_bytes(data[:8], "little")
            told = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["recogniser"])
            kinds = [Kind(**{**kind, "shape": tuple(kind["shape"])}) for kind in told["kinds"]]
            made = cls(told["seen"], kinds, width=told["width"], modes=told["modes"], name=told["name"])
            made.module.load_state_dict(load(data))
        except Exception as error:
            raise BadFile(f"these {len(data)} bytes hold no recogniser: {error}; teach it again") from error
        return made

    def _outputs(self, kind: Kind) -> int:
        if kind.support in ("truth", "level"):
            return kind.size * (1 if kind.support == "truth" else kind.levels)
        return self.modes * (1 + 2 * kind.size)

    def mixture(self, kind: Kind, out: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return log-shares [n, modes], middles and log-widths [n, modes, size]."""
        shares, rest = out[:, : self.modes], out[:, self.modes :].reshape(len(out), self.modes, 2, kind.size)
        return torch.log_softmax(shares, 1), rest[:, :, 0], WIDEST * torch.tanh(rest[:, :, 1] / WIDEST)

    def _drawn(self, kind: Kind, out: torch.Tensor, lanes: Lanes) -> torch.Tensor:
        n = len(out)
        if kind.support == "truth":
            return (lanes.uniform(kind.shape) < torch.sigmoid(out.reshape(n, *kind.shape))).reshape(n, *kind.shape)
        if kind.support == "level":
            logits = out.reshape(n, *kind.shape, kind.levels)
            return (logits - torch.log(-torch.log(lanes.uniform(logits.shape[1:])))).argmax(-1)
        shares, middles, widths = self.mixture(kind, out)
        mode = (shares - torch.log(-torch.log(lanes.child("mode").uniform((self.modes,))))).argmax(1)
        rows = torch.arange(n)
        free = middles[rows, mode] + widths[rows, mode].exp() * lanes.normal((kind.size,))
        return kind.placed(free)[0]

    def _density(self, kind: Kind, out: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        n = len(out)
        if kind.support == "truth":
            sign = 2.0 * value.reshape(n, -1).double() - 1.0
            return torch.nn.functional.logsigmoid(sign * out).sum(1)
        if kind.support == "level":
            logps = torch.log_softmax(out.reshape(n, -1, kind.levels), -1)
            return logps.gather(-1, value.reshape(n, -1, 1).long()).sum((1, 2))
        free = kind.free(value).double()
        slope = kind.placed(free)[1]
        shares, middles, widths = self.mixture(kind, out)
        apart = (free[:, None] - middles) * (-widths).exp()
        each = -0.5 * apart**2 - widths - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(shares + each.sum(2), 1) - slope

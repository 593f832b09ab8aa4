"""Traces on disk: one safetensors block with a header of plain data; read back, run again, and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import load, save

from nightschool.errors import BadFile, ModelError, UnknownName
from nightschool.items import Noise
from nightschool.society import columns, potentials, primitives
from nightschool.society.generative import Generative, Trace
from nightschool.society.lanes import Lanes
from nightschool.society.traces import filled

BUILT_IN: Mapping[str, Generative] = {
    model.name: model
    for model in (
        primitives.uniform, primitives.normal, primitives.laplace, primitives.exponential, primitives.bernoulli,
        primitives.categorical, potentials.exactly, potentials.factor,
    )
}  # fmt: skip


def pack(trace: Trace) -> bytes:
    """Return the trace as bytes, the same for the same trace. Raises TypeError for values JSON cannot hold."""
    tensors: dict[str, torch.Tensor] = {}

    def kept(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            tensors[f"t{len(tensors):06}"] = value.detach().clone().contiguous()
            return {"tensor": f"t{len(tensors) - 1:06}"}
        if isinstance(value, tuple):
            return {"tuple": [kept(one) for one in value]}
        return {"plain": value}

    def told(part: Trace) -> dict[str, Any]:
        return {
            "model": part.model.name, "args": kept(part.args), "value": kept(part.value), "logp": kept(part.logp),
            "rows": kept(part.rows), "fixed": part.fixed, "parts": {k: told(p) for k, p in part.parts.items()},
        }  # fmt: skip

    header = json.dumps(told(trace), ensure_ascii=False, sort_keys=False)
    return save(tensors, metadata={"trace": header})


def unpack(data: bytes, models: Mapping[str, Generative] | None = None) -> Trace:
    """Return the trace in `data`. models: those it was made by, by name; built-in distributions are known.

    Raises BadFile for bytes that hold no trace, UnknownName for a model that was not given.
    """
    known = {**BUILT_IN, **(models or {})}
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["trace"])
        tensors = load(data)
    except Exception as error:
        raise BadFile(f"these {len(data)} bytes hold no trace: {error}") from error

    def read(value: dict[str, Any]) -> Any:
        if "tensor" in value:
            return tensors[value["tensor"]]
        return tuple(map(read, value["tuple"])) if "tuple" in value else value["plain"]

    def made(told: dict[str, Any]) -> Trace:
        if told["model"] not in known:
            raise UnknownName("generative model", told["model"], known, "the trace was made by it")
        parts = {address: made(part) for address, part in told["parts"].items()}
        model, (args, value) = known[told["model"]], (read(told["args"]), read(told["value"]))
        return Trace(model, args, value, read(told["logp"]), parts, told["fixed"], read(told["rows"]))

    return made(header)


def replay(trace: Trace, tolerance: float = 1e-9) -> Trace:
    """Return the trace of the same model making the same choices again.

    Raises ModelError, naming the model, where the log-probability (within `tolerance` nats) or the value comes out
    another: then what it does depends on something that its trace does not hold.
    """
    given = {a: filled(trace, a) for a, leaf in trace.leaves() if not isinstance(leaf.model, potentials.Factor)}
    again, _ = trace.model.update(trace, given, Lanes.of(Noise(("replay",)), len(trace)), trace.args)
    off = (again.logp - trace.logp).abs().nan_to_num(0.0)
    if bool((off > tolerance).any()):
        worst = int(off.argmax())
        raise ModelError(
            f"a trace of {trace.model.name} cannot be replayed: run {worst} had log-probability "
            f"{float(trace.logp[worst]):.6g} and has {float(again.logp[worst]):.6g} the second time"
        )
    if not columns.same(again.value, trace.value):
        raise ModelError(f"a trace of {trace.model.name} cannot be replayed: the same choices gave another value")
    return again

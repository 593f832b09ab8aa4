"""The networks, their recogniser and the floor of what counts as explained, as one file of bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import torch
from safetensors.torch import load, save

from nightschool.errors import BadFile
from nightschool.society.digits.guessing import recogniser_for
from nightschool.society.digits.shapes import Settings, Shapes
from nightschool.society.recognisers.recogniser import Recogniser


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """All that recognises digits. floor: nats, see `verdict`."""

    shapes: Shapes
    recogniser: Recogniser
    floor: float

    def pack(self) -> bytes:
        """Return it as bytes, the same for the same weights."""
        tensors: dict[str, torch.Tensor] = {}
        for head, module in (("shapes", self.shapes), ("recogniser", self.recogniser.module)):
            for name, tensor in module.state_dict().items():
                tensors[f"{head}.{name}"] = tensor.detach().clone().contiguous()
        told = {"names": self.shapes.names, "settings": asdict(self.shapes.settings), "floor": self.floor}
        return save(tensors, metadata={"digits": json.dumps(told)})

    @classmethod
    def unpack(cls, data: bytes) -> Digits:
        """Return what `pack` wrote, ready to explain. Raises BadFile."""
        try:
            size = int.from_bytes(data[:8], "little")
            told = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["digits"])
            settings = Settings(**{**told["settings"], "hidden": tuple(told["settings"]["hidden"])})
            shapes = Shapes(told["names"], settings)
            recogniser = recogniser_for(shapes)
            tensors = {f"recogniser.{name}": one for name, one in recogniser.module.named_buffers()} | load(data)
            for head, module in (("shapes", shapes), ("recogniser", recogniser.module)):
                own = {n.removeprefix(f"{head}."): t for n, t in tensors.items() if n.startswith(f"{head}.")}
                module.load_state_dict(own)
        except Exception as error:
            raise BadFile(f"these {len(data)} bytes hold no digits: {error}; learn them again") from error
        recogniser.module.requires_grad_(False)
        return cls(shapes.frozen(), recogniser, float(told["floor"]))

"""Linear layers whose weights are packed once for the matrix products of a CPU, instead of in every product.

In float32 a product of 64 rows with all the weights of a small model took a third of the time, one of 200 three
quarters; the packed copy takes as much memory as the weights.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import psutil
import torch

_MOST = 0.25  # of the memory available, that packed copies may take
_ROWS = (1, 3, 8, 33, 64, 200)  # numbers of rows with which packed products are tried, once for each shape
_WORTH = 8  # rows from which on packing is worth its while
_FEW = 3  # rows up to which plain products take a seventh less, even where packed weights are there
_HINT = 256  # rows that a packing is made for; the library packs for any number alike, which is what is tried


class PackedLinear(torch.nn.Linear):
    """A linear layer with a packed copy of its weight, for inference: with gradients it is a plain one."""

    packed: torch.Tensor | None = None
    wide: bool = False  # whether many rows came before: one prompt alone is not worth packing for
    packed_from: tuple[int, int] | None = None  # address and version of a weight that may be written into after all

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return input[..., in] times the weight, plus the bias: [..., out]."""
        rows = input.numel() // self.in_features
        if torch.is_grad_enabled() or rows <= _FEW or (self.packed is None and rows < _WORTH):
            return super().forward(input)
        if not self.wide:
            self.wide = True
            return super().forward(input)
        if self.packed_from != (self.weight.data_ptr(), self.weight._version):
            self.packed = _pack(self.weight.detach())
            self.packed_from = self.weight.data_ptr(), self.weight._version
        out: torch.Tensor = torch.ops.mkl._mkl_linear(input, self.packed, self.weight, self.bias, rows)
        return out


def pack(module: Any) -> None:
    """Let the linear layers of `module` be packed when needed a second time, where that is faster and there is memory.

    Where packing cannot be, weights that are no embedding are laid out by columns instead, which takes no memory: a
    product of 4 to 32 rows then takes a third of the time.
    """
    layers = [
        layer for layer in module.modules()
        if type(layer) is torch.nn.Linear and layer.weight.device.type == "cpu" and layer.weight.dtype == torch.float32
    ]  # fmt: skip
    size = sum(layer.weight.nbytes for layer in layers)
    if size <= _MOST * psutil.virtual_memory().available and all(
        _exact(layer.out_features, layer.in_features) for layer in layers
    ):
        for layer in layers:
            layer.__class__ = PackedLinear
        return
    looked_up = {id(m.weight) for m in module.modules() if isinstance(m, torch.nn.Embedding)}
    for layer in layers:
        if id(layer.weight) not in looked_up:
            layer.weight.data = layer.weight.data.t().contiguous().t()


def unpack(module: Any) -> None:
    """Make the linear layers of `module` plain ones."""
    for layer in module.modules():
        if isinstance(layer, PackedLinear):
            layer.__class__ = torch.nn.Linear
            for name in ("packed", "packed_from", "wide"):
                layer.__dict__.pop(name, None)


def shared(module: Any) -> list[torch.Tensor]:
    """Return the packed weights of `module`, which a copy need not copy."""
    layers = [layer for layer in module.modules() if isinstance(layer, PackedLinear)]
    return [layer.packed for layer in layers if layer.packed is not None]


def _pack(weight: torch.Tensor) -> torch.Tensor:
    packed: torch.Tensor = torch.ops.mkl._mkl_reorder_linear_weight(weight, _HINT)
    return packed


@cache
def _exact(out_features: int, in_features: int) -> bool:
    """Return whether products of this shape can be packed here, and are right whatever the number of rows."""
    if not torch.backends.mkl.is_available() or not hasattr(torch.ops.mkl, "_mkl_linear"):
        return False
    out_features = min(out_features, 4096)
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(out_features, in_features, generator=generator)
    rows = torch.randn(max(_ROWS), in_features, generator=generator)
    try:
        packed = _pack(weight)
        for count in _ROWS:
            plain = torch.nn.functional.linear(rows[:count], weight)
            found = torch.ops.mkl._mkl_linear(rows[:count], packed, weight, None, count)
            if not torch.allclose(found, plain, rtol=1e-4, atol=1e-4 * in_features**0.5):
                return False
    except (RuntimeError, NotImplementedError):
        return False
    return True

"""Linear layers whose weights are packed once for the matrix products of a CPU, instead of in every product.

In float32 a product of 64 rows with all the weights of a small model took a third of the time, one of 200 three
quarters; in bfloat16, with weights that no cache holds, one row took two thirds, and 64 to 200 rows half to three
quarters. The packed copy takes as much memory as the weights.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import psutil
import torch

_MOST = 0.25  # of the memory available, that packed copies may take
_ROWS = (1, 3, 8, 33, 64, 200)  # numbers of rows with which packed products are tried, once for each shape
_WORTH = 8  # rows from which on packing is worth its while
_FEW = 3  # rows up to which plain float32 products take a seventh less, even where packed weights are there
_HINT = 256  # rows that a packing is made for; the library packs for any number alike, which is what is tried
_NARROW = 16  # bfloat16 products of fewer rows, after which packing is worth its while: an answer is being written


class PackedLinear(torch.nn.Linear):
    """A linear layer with a packed copy of its weight, for inference: with gradients it is a plain one.

    used: products so far, one of many rows counting as `_NARROW` of few: one prompt alone is not worth packing for.
    """

    packed: torch.Tensor | None = None
    used: int = 0
    packed_from: tuple[int, int] | None = None  # address and version of a weight that may be written into after all

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return input[..., in] times the weight, plus the bias: [..., out]."""
        rows = input.numel() // self.in_features
        if torch.is_grad_enabled() or not self._worth(rows):
            return super().forward(input)
        if self.packed_from != (self.weight.data_ptr(), self.weight._version):
            if not _exact(self.out_features, self.in_features, self.weight.dtype):  # brought to another dtype since
                return super().forward(input)
            self.packed = _pack(self.weight.detach())
            self.packed_from = self.weight.data_ptr(), self.weight._version
        assert self.packed is not None
        return _product(input, self.packed, self.weight, self.bias, rows)

    def _worth(self, rows: int) -> bool:
        exact = self.weight.dtype == torch.float32
        if exact and rows <= _FEW:
            return False
        if self.packed is None:
            known = self.used >= _NARROW
            self.used += _NARROW if rows >= _WORTH else 0 if exact else 1
            return known and (rows >= _WORTH or not exact)
        return True


def pack(module: Any) -> None:
    """Let the linear layers of `module` be packed when needed a second time, where that is faster and there is memory.

    Where packing cannot be, float32 weights that are no embedding are laid out by columns instead, which takes no
    memory: a product of 4 to 32 rows then takes a third of the time.
    """
    layers = [
        layer for layer in module.modules()
        if type(layer) is torch.nn.Linear and layer.weight.device.type == "cpu"
        and layer.weight.dtype in (torch.float32, torch.bfloat16)
    ]  # fmt: skip
    size = sum(layer.weight.nbytes for layer in layers)
    if size <= _MOST * psutil.virtual_memory().available and all(
        _exact(layer.out_features, layer.in_features, layer.weight.dtype) for layer in layers
    ):
        for layer in layers:
            layer.__class__ = PackedLinear
        return
    looked_up = {id(m.weight) for m in module.modules() if isinstance(m, torch.nn.Embedding)}
    for layer in layers:
        if id(layer.weight) not in looked_up and layer.weight.dtype == torch.float32:
            layer.weight.data = layer.weight.data.t().contiguous().t()


def unpack(module: Any) -> None:
    """Make the linear layers of `module` plain ones."""
    for layer in module.modules():
        if isinstance(layer, PackedLinear):
            layer.__class__ = torch.nn.Linear
            for name in ("packed", "packed_from", "used"):
                layer.__dict__.pop(name, None)


def shared(module: Any) -> list[torch.Tensor]:
    """Return the packed weights of `module`, which a copy need not copy."""
    layers = [layer for layer in module.modules() if isinstance(layer, PackedLinear)]
    return [layer.packed for layer in layers if layer.packed is not None]


def _pack(weight: torch.Tensor) -> torch.Tensor:
    if weight.dtype == torch.float32:
        return torch.ops.mkl._mkl_reorder_linear_weight(weight, _HINT)
    return torch.ops.mkldnn._reorder_linear_weight(weight, _HINT)


def _product(
    input: torch.Tensor, packed: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, rows: int
) -> torch.Tensor:
    if weight.dtype == torch.float32:
        return torch.ops.mkl._mkl_linear(input, packed, weight, bias, rows)
    return torch.ops.mkldnn._linear_pointwise(input, packed, bias, "none", [], "")


def _known(dtype: torch.dtype) -> bool:
    if dtype == torch.float32:
        return torch.backends.mkl.is_available() and hasattr(torch.ops.mkl, "_mkl_linear")
    there = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return there and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@cache
def _exact(out_features: int, in_features: int, dtype: torch.dtype = torch.float32) -> bool:
    """Return whether products of this shape can be packed here, and are right whatever the number of rows."""
    if not _known(dtype):
        return False
    out_features = min(out_features, 4096)
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(out_features, in_features, generator=generator).to(dtype)
    rows = torch.randn(max(_ROWS), in_features, generator=generator).to(dtype)
    noise = torch.finfo(dtype).eps * 1e3 if dtype == torch.float32 else torch.finfo(dtype).eps
    try:
        packed = _pack(weight)
        for count in _ROWS:
            plain = torch.nn.functional.linear(rows[:count], weight)
            found = _product(rows[:count], packed, weight, None, count)
            if not torch.allclose(found, plain, rtol=noise, atol=noise * in_features**0.5):
                return False
    except (RuntimeError, NotImplementedError):
        return False
    return True

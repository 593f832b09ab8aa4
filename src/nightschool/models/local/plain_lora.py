"""Plain LoRA merged without the library that made it: its weights bit for bit, in less time.

peft wraps every layer, copies its weights and looks through them for what is not finite; a product of two thin matrices
added to a weight is all that a plain adapter is (hu2021, equation 3). `benchmarks/merge_speed.py` tells both times.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

_PLAIN = {"peft_type": "LORA", "bias": "none", "inference_mode": True, "init_lora_weights": True}
_FREE = {
    "auto_mapping", "base_model_name_or_path", "exclude_modules", "lora_alpha", "lora_dropout", "megatron_core",
    "peft_version", "qalora_group_size", "r", "revision", "target_modules", "task_type",
}  # fmt: skip
"""Settings that may say anything: what they change is in the weights' names and shapes, or is of training alone."""
_PREFIX, _UP, _DOWN = "base_model.model.", ".lora_B.weight", ".lora_A.weight"


def is_plain(config: dict[str, Any]) -> bool:
    """Return whether an adapter of these settings is one pair of thin matrices a layer, scaled alike, and no more.

    Whatever is switched on beside it, by settings not yet known too, makes it another kind, and peft's.
    """
    return all(
        value == _PLAIN[name] if name in _PLAIN else name in _FREE or not value for name, value in config.items()
    )


def add(module: Any, folder: Path, config: dict[str, Any]) -> bool:
    """Add the plain adapter in `folder` to the weights of `module`, whose tensors stay as they were.

    Returns False, with `module` unchanged, where it holds anything but pairs for linear layers. Raises ValueError for
    weights that are not finite, and torch's own errors for shapes that do not fit.
    """
    pairs = load_file(folder / "adapter_model.safetensors")
    names = [name.removeprefix(_PREFIX).removesuffix(_UP) for name in pairs if name.endswith(_UP)]
    if len(pairs) != 2 * len(names) or any(_PREFIX + name + _DOWN not in pairs for name in names):
        return False
    layers = {name: module.get_submodule(name) for name in names}
    if not all(type(layer) is torch.nn.Linear for layer in layers.values()):
        return False
    scale = config["lora_alpha"] / config["r"]
    for name, layer in layers.items():
        up, down = (pairs[_PREFIX + name + end].to(layer.weight.device, torch.float32) for end in (_UP, _DOWN))
        change = (up @ down) * scale
        if not torch.isfinite(change).all():
            raise ValueError(f"weights of {name} are not finite")
        weight = layer.weight.detach() + change.to(layer.weight.dtype)
        layer.weight = torch.nn.Parameter(weight, requires_grad=False)
    return True

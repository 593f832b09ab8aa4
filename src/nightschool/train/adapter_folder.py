"""Adapters on disk: a peft folder whose name is the hash of what is in it, written so that it is there whole or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from nightschool.errors import BadFile
from nightschool.items import Adapter
from nightschool.paths import new_folder
from nightschool.train.adapter_name import CONFIG, WEIGHTS, adapter_name


def write_adapter(folder: Path, weights: dict[str, torch.Tensor], config: Any, base: str) -> Adapter:
    """Return the adapter written to a folder within `folder`, named by the content of its weights and configuration.

    config: of peft; base: identity of the model. Files are synced before the folder gets its name; a folder of that
    name has that content already and is kept.
    """
    described = {key: sorted(value) if isinstance(value, set) else value for key, value in config.to_dict().items()}
    described["inference_mode"] = True
    return write_described(folder, weights, json.dumps(described, indent=2, sort_keys=True, default=str), base)


def write_described(folder: Path, weights: dict[str, torch.Tensor], settings: str, base: str) -> Adapter:
    """Return the adapter of `weights`, written as `write_adapter` does. settings: the text of its configuration."""
    blob = save(weights)
    name = adapter_name(blob, settings, base)
    final = Path(folder) / name
    if not final.exists():
        with new_folder(final) as growing:
            (growing / WEIGHTS).write_bytes(blob)
            (growing / CONFIG).write_text(settings, encoding="utf-8")
    return Adapter(name, base, str(final))


def read_weights(adapter: Adapter) -> dict[str, torch.Tensor]:
    """Return the weights of `adapter` by their names in its peft folder. Raises BadFile."""
    path = Path(adapter.path) / WEIGHTS
    try:
        return dict(load_file(path))
    except Exception as error:  # safetensors raises errors of its own for files cut short
        raise BadFile(f"cannot read the adapter {adapter.name} at {path}: {error}") from error

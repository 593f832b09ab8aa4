"""Adapters on disk: a peft folder whose name is the hash of what is in it, written so that it is there whole or not."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from nightschool.errors import BadFile
from nightschool.items import Adapter
from nightschool.train.adapter_name import CONFIG, WEIGHTS, adapter_name


def write_adapter(folder: Path, weights: dict[str, torch.Tensor], config: Any, base: str) -> Adapter:
    """Return the adapter written to a folder within `folder`, named by the content of its weights and configuration.

    config: of peft; base: identity of the model. Files are synced before the folder gets its name; a folder of that
    name has that content already and is kept.
    """
    described = {key: sorted(value) if isinstance(value, set) else value for key, value in config.to_dict().items()}
    described["inference_mode"] = True
    settings = json.dumps(described, indent=2, sort_keys=True, default=str)
    blob = save(weights)
    name = adapter_name(blob, settings, base)
    final = Path(folder) / name
    if not final.exists():
        folder.mkdir(parents=True, exist_ok=True)
        growing = Path(folder) / f".{name}.{os.getpid()}"
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir()
        try:
            write_synced(growing / WEIGHTS, blob)
            write_synced(growing / CONFIG, settings.encode())
            sync_folder(growing)
            try:
                growing.rename(final)
            except OSError:
                if not final.exists():  # else another process wrote the same content first
                    raise
            sync_folder(folder)
        finally:
            shutil.rmtree(growing, ignore_errors=True)
    return Adapter(name, base, str(final))


def read_weights(adapter: Adapter) -> dict[str, torch.Tensor]:
    """Return the weights of `adapter` by their names in its peft folder. Raises BadFile."""
    path = Path(adapter.path) / WEIGHTS
    try:
        return dict(load_file(path))
    except Exception as error:  # safetensors raises errors of its own for files cut short
        raise BadFile(f"cannot read the adapter {adapter.name} at {path}: {error}") from error


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` to `path` and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in the folder `path`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

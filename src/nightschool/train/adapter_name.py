"""The name of an adapter: the hash of its weights, of how they are applied, and of the model that they change."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nightschool.items import digest

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


def adapter_name(weights: bytes, config: str, base: str) -> str:
    """Return 16 hexadecimal digits for the content of the two files of a peft folder and the model's identity."""
    return digest(hashlib.sha256(weights).hexdigest(), config, base)[:16]


def name_of(folder: Path, base: str) -> str:
    """Return the name that the files in `folder` have by their content. Raises OSError."""
    return adapter_name((folder / WEIGHTS).read_bytes(), (folder / CONFIG).read_text(encoding="utf-8"), base)

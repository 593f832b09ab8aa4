"""Whether weights come with a chat template, told by the small files beside them or by their metadata."""

from __future__ import annotations

import json
from pathlib import Path

from nightschool.errors import ModelDamaged
from nightschool.models.weights import gguf_file

_FILES = ("chat_template*", "additional_chat_templates/*")


def has_template(path: Path) -> bool | None:
    """Return whether the GGUF file or transformers folder `path` has one, None where that cannot be told so."""
    if path.is_file():
        try:
            return "tokenizer.chat_template" in gguf_file.keys(path)
        except (ModelDamaged, OSError):
            return None  # whoever loads it will say what is wrong
    config = path / "tokenizer_config.json"
    if not config.is_file():
        return None
    if any(found for pattern in _FILES for found in path.glob(pattern)):
        return True
    try:
        return bool(json.loads(config.read_text(encoding="utf-8")).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return None

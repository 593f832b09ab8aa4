"""A model merged with an adapter as a transformers folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

from nightschool.items import Adapter
from nightschool.models.local import adapters, folder


def config_of(base: Path) -> Any:
    """Return the configuration of a transformers folder."""
    return transformers.AutoConfig.from_pretrained(base, local_files_only=True)


def merged(base: Path, adapter: Adapter | None) -> tuple[Any, Any]:
    """Return the float32 module of the folder `base` merged with `adapter`, and its tokenizer.

    Raises ModelNotFound, ModelDamaged, Unsupported.
    """
    if adapter is not None:
        adapters.check(adapter, adapter.base, str(base))
    module, tokenizer = folder.load(base, torch.float32, torch.device("cpu"))
    return (module if adapter is None else adapters.merged(module, adapter)), tokenizer


def save(module: Any, tokenizer: Any, base: Path, target: Path) -> None:
    """Write a transformers folder (safetensors, tokenizer, chat template), in the dtype in which `base` is kept."""
    described = json.loads((base / "config.json").read_text(encoding="utf-8"))
    dtype = getattr(torch, str(described.get("dtype") or described.get("torch_dtype")), None)
    if isinstance(dtype, torch.dtype) and dtype != torch.float32:
        module = module.to(dtype)
        module.config.dtype = dtype
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        module.save_pretrained(target)
    finally:
        if bars:
            transformers.utils.logging.enable_progress_bar()
    tokenizer.save_pretrained(target)

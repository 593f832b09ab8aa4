"""Weights merged with a LoRA adapter: as fast as the plain ones, sharing every tensor the adapter leaves alone."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from nightschool.errors import ModelDamaged, ModelNotFound, Unsupported
from nightschool.items import Adapter
from nightschool.models.local import folder, plain_lora

_MERGEABLE = {"LORA", "ADALORA", "LOHA", "LOKR", "IA3"}


def check(adapter: Adapter, identity: str, name: str) -> None:
    """Raise Unsupported for an adapter that does not fit the model, ModelNotFound or ModelDamaged for its folder."""
    if adapter.base != identity:
        raise Unsupported(
            f"adapter {adapter.name} was trained on a model with identity {adapter.base[:12]}, and {name} has "
            f"{identity[:12]}; load the model it belongs to"
        )
    path = Path(adapter.path)
    if not (path / "adapter_config.json").is_file() or not (path / "adapter_model.safetensors").is_file():
        raise ModelNotFound(
            f"no adapter in {path}: a peft folder with adapter_config.json and adapter_model.safetensors is needed"
        )
    try:
        kind = json.loads((path / "adapter_config.json").read_text())["peft_type"]
    except (ValueError, KeyError) as error:
        raise ModelDamaged(f"cannot read {path / 'adapter_config.json'}: {error}") from error
    if kind not in _MERGEABLE:
        raise Unsupported(
            f"adapter {adapter.name} is of peft type {kind}, which cannot be merged into weights; "
            f"the local engine runs {', '.join(sorted(_MERGEABLE))}"
        )


def merged(module: Any, adapter: Adapter) -> Any:
    """Return a module with `adapter` merged into its weights; `module` stays as it is."""
    path, plain = Path(adapter.path), folder.twin(module)
    try:
        config = json.loads((path / "adapter_config.json").read_text())
        if plain_lora.is_plain(config) and plain_lora.add(plain, path, config):
            return folder.freeze(plain)
        from peft import PeftModel

        with warnings.catch_warnings():
            # peft asks transformers by a name that is going away: nothing that a user could do anything about
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            wrapped = PeftModel.from_pretrained(plain, adapter.path)
        # Merged "safely", peft writes the sums into new tensors; otherwise it would add to those that are shared.
        return folder.freeze(wrapped.merge_and_unload(safe_merge=True))
    except Exception as error:  # peft, torch and safetensors each raise their own for a file that does not fit
        raise ModelDamaged(
            f"adapter {adapter.name} does not fit the model: {' '.join(str(error).split())[:300]}"
        ) from error

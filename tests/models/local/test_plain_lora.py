import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from nightschool.models.local import plain_lora
from nightschool.models.local.model import LocalModel

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


def adapter(module: Any, where: Path, **more: Any) -> tuple[Path, dict[str, Any]]:
    """Return the folder and settings of an adapter with random weights in both factors, as peft saves it."""
    settings = {"r": 4, "lora_alpha": 9, "target_modules": ["q_proj", "down_proj"]} | more
    wrapped = get_peft_model(module, LoraConfig(**settings))
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(1)
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.2)
    wrapped.save_pretrained(where)
    return where, json.loads((where / "adapter_config.json").read_text())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_are_those_of_peft_to_the_last_bit(
    tiny: Callable[..., LocalModel], tmp_path: Path, dtype: torch.dtype
) -> None:
    module = tiny().fresh_module().to(dtype)
    path, config = adapter(copy.deepcopy(module), tmp_path)
    assert plain_lora.is_plain(config)
    theirs = PeftModel.from_pretrained(copy.deepcopy(module), str(path)).merge_and_unload(safe_merge=True)
    ours = copy.deepcopy(module)
    assert plain_lora.add(ours, path, config)
    same = theirs.state_dict()
    assert all(torch.equal(tensor, same[name]) for name, tensor in ours.state_dict().items())
    assert any(not torch.equal(tensor, same[name]) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize(
    "more",
    [{"use_rslora": True}, {"use_dora": True}, {"alpha_pattern": {"q_proj": 2}}, {"rank_pattern": {"q_proj": 2}},
     {"bias": "lora_only"}, {"modules_to_save": ["lm_head"]}],
)  # fmt: skip
def test_other_kinds_are_left_to_peft(tiny: Callable[..., LocalModel], tmp_path: Path, more: dict[str, Any]) -> None:
    _, config = adapter(tiny().fresh_module(), tmp_path, **more)
    assert not plain_lora.is_plain(config)


def test_settings_that_are_not_known_yet_are_left_to_peft() -> None:
    assert plain_lora.is_plain({"peft_type": "LORA", "a_new_setting": None})
    assert not plain_lora.is_plain({"peft_type": "LORA", "a_new_setting": {"of": "weight"}})


@pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`:UserWarning")
def test_what_is_not_a_pair_for_a_linear_layer_changes_nothing(tiny: Callable[..., LocalModel], tmp_path: Path) -> None:
    module = tiny().fresh_module()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    path, config = adapter(tiny().fresh_module(), tmp_path, target_modules=["q_proj", "embed_tokens"])
    assert not plain_lora.add(module, path, config)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_weights_that_are_not_finite_are_refused(tiny: Callable[..., LocalModel], tmp_path: Path) -> None:
    path, config = adapter(tiny().fresh_module(), tmp_path)
    file = path / "adapter_model.safetensors"
    pairs = load_file(file)
    name = next(name for name in pairs if "lora_B" in name)
    pairs[name][0, 0] = float("inf")
    save_file(pairs, file)
    with pytest.raises(ValueError, match="not finite"):
        plain_lora.add(tiny().fresh_module(), path, config)

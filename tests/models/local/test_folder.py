import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AttentionInterface

from nightschool.errors import ModelDamaged, ModelNotFound, Unsupported
from nightschool.models.local import attention, check, folder
from nightschool.models.local.model import LocalModel
from support.tiny_models import tiny_model, tiny_model_folder


@pytest.fixture
def copy(folder_of: Callable[[str], Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder_of("llama"), tmp_path / "copy"))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        LocalModel.from_folder(tmp_path, name="none")


def test_damaged_weights_are_said_by_name(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelDamaged, match="copy"):
        LocalModel.from_folder(copy, name="cut")


def test_weights_of_another_shape_are_damaged(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ModelDamaged, match=r"lack 9 tensors of the model, such as model\.layers\.2"):
        LocalModel.from_folder(copy, name="deep")


def test_an_architecture_that_is_not_run_is_named(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    with pytest.raises((Unsupported, ModelDamaged), match=r"mamba|copy"):
        LocalModel.from_folder(copy, name="mamba")


def test_a_model_that_attends_otherwise_is_found_out(tmp_path: Path) -> None:
    from transformers import BloomConfig, BloomForCausalLM

    module = BloomForCausalLM(BloomConfig(vocab_size=260, hidden_size=32, n_layer=2, n_head=4)).eval()
    for dtype in (torch.float32, torch.bfloat16):
        with pytest.raises(Unsupported, match="bloom"):
            check.same_as_plain(module.to(dtype))


@pytest.mark.parametrize("memory", ["", "none for a copy in float32"])
def test_what_rounding_does_is_measured_and_allowed(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_SHARE", 0.0 if memory else check._SHARE)
    module = tiny_model("llama").to(torch.bfloat16)
    module.lm_head.weight.data *= 50  # so that rounding moves log-probabilities by more than half a nat
    module.set_attn_implementation(attention.NAME)
    plain = check._plain(module, "sdpa")
    assert float((plain - check._plain(module, "eager")).abs().max()) > 0.5
    assert check.same_as_plain(module) > 0
    shifted = attention.attend

    def wrong(*given: Any, **named: Any) -> Any:
        out, weights = shifted(*given, **named)
        return out * 1.1, weights

    monkeypatch.setitem(AttentionInterface._global_mapping, attention.NAME, wrong)
    with pytest.raises(Unsupported, match="would be rounding"):
        check.same_as_plain(module)


def test_the_check_is_noted_for_these_weights_and_this_engine(
    folder_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    plain = check.same_as_plain
    monkeypatch.setattr(check, "same_as_plain", lambda module: ran.append("checked") or plain(module))
    checks = tmp_path / "checks"

    def load(dtype: str = "float32", **more: Path) -> LocalModel:
        return LocalModel.from_folder(folder_of("llama"), name="l", device="cpu", dtype=dtype, **more)

    models = [load(checks=checks) for _ in range(2)]
    assert ran == ["checked"]
    assert models[0].bytes_per_token == models[1].bytes_per_token
    load("bfloat16", checks=checks)
    load(checks=tmp_path / "others")
    load()
    monkeypatch.setattr(check.platform, "processor", lambda: "another")
    load(checks=checks)
    assert ran == ["checked"] * 5


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"layer_types": ["full_attention", "linear_attention"]}, "linear_attention"),
        ({"num_kv_shared_layers": 1}, "share keys"),
        ({"is_causal": False}, "causally"),
        ({"attention_chunk_size": 64}, "chunks"),
    ],
)
def test_configurations_that_mean_more_than_is_run_are_refused(fields: dict, reason: str) -> None:
    from support.tiny_models import tiny_config

    config = tiny_config("llama")
    for name, value in fields.items():
        setattr(config, name, value)
    with pytest.raises(Unsupported, match=f"llama model: .*{reason}"):
        folder.refuse(config)


def test_identity_is_the_content(folder_of: Callable[[str], Path], copy: Path) -> None:
    before = folder.identity_of(copy)
    assert before == folder.identity_of(folder_of("llama"))
    (copy / "README.md").write_text("hello")
    assert folder.identity_of(copy) == before
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    assert folder.identity_of(copy) != before


def test_every_end_of_a_turn_is_known(tmp_path: Path) -> None:
    path = tiny_model_folder(tmp_path)
    model = LocalModel.from_folder(path, name="a")
    assert model.end_ids == {2}
    generation = json.loads((path / "generation_config.json").read_text())
    (path / "generation_config.json").write_text(json.dumps(generation | {"eos_token_id": [2, 0]}))
    assert LocalModel.from_folder(path, name="b").end_ids == {0, 2}
    for file in ("config.json", "generation_config.json"):
        fields = json.loads((path / file).read_text())
        (path / file).write_text(json.dumps(fields | {"eos_token_id": 0}))
    assert LocalModel.from_folder(path, name="c").end_ids == {0, 2}  # 2 ends the template's turns


def test_dtypes_follow_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    for amx, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
        assert folder.dtype_of("auto", cpu) == dtype
    assert folder.dtype_of("float16", cpu) == torch.float16
    with pytest.raises(Unsupported, match="int8"):
        folder.dtype_of("int8", cpu)

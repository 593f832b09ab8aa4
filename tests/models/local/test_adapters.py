import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from nightschool.asks import Propose, Read, Weigh
from nightschool.errors import ModelDamaged, ModelNotFound, Unsupported
from nightschool.items import Adapter, Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.local.model import LocalModel
from nightschool.models.local.packed import PackedLinear
from support.local_runs import finish

# peft asks transformers by an old name
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
TARGETS = {"llama": ["q_proj", "down_proj"], "gpt2": ["c_attn", "c_proj"]}
PREFIX = Prefix(Prompt(text="Once upon"))
CONTINUATION = (Segment(" a time"),)


def train(model: LocalModel, where: Path, kind: str, seed: int, **more: object) -> Adapter:
    """Return a LoRA adapter with random weights in both of its factors, as peft saves it."""
    wrapped = get_peft_model(
        model.fresh_module(),
        LoraConfig(r=4, lora_alpha=9, target_modules=TARGETS[kind], fan_in_fan_out=kind == "gpt2", **more),
    )
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.2)
    folder = where / f"{kind}-{seed}"
    wrapped.save_pretrained(folder)
    return Adapter(f"night-{seed}", model.identity, str(folder))


@pytest.mark.parametrize(("kind", "more"), [("llama", {}), ("llama", {"use_rslora": True}), ("gpt2", {})])
def test_merged_weights_say_what_peft_says(
    kind: str, more: dict, tiny: Callable[..., LocalModel], tmp_path: Path
) -> None:
    model = tiny(kind)
    before = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
    adapters = [train(model, tmp_path, kind, seed, **more) for seed in (1, 2, 3)]
    for adapter in adapters:
        model.load_adapter(adapter)
    asks = [Weigh(f"{i}", PREFIX, CONTINUATION, a and a.name) for i, a in enumerate([None, *adapters])]
    replies = finish(model, asks)
    ids = model.encode_prefix(PREFIX)
    seen = set()
    for number, adapter in enumerate([None, *adapters]):
        module = model.fresh_module()
        if adapter is not None:
            module = PeftModel.from_pretrained(module, adapter.path)
        segment = replies[f"{number}"].segments[0]
        with torch.no_grad():
            table = module(torch.tensor([ids + list(segment.tokens)])).logits[0].log_softmax(-1)
        for place, token in enumerate(segment.tokens):
            assert float(table[len(ids) - 1 + place, token]) == pytest.approx(segment.logps[place], abs=1e-4)
        seen.add(round(segment.logp, 2))
    assert len(seen) == 4
    after = model.module.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_adapters_run_beside_each_other_and_share_what_they_leave_alone(
    tiny: Callable[..., LocalModel], tmp_path: Path
) -> None:
    model = tiny()
    adapter = train(model, tmp_path, "llama", 1)
    model.load_adapter(adapter)
    plain = Propose("plain", PREFIX, 3, Sampling(max_tokens=8), Noise((1,)))
    learned = replace(plain, id="learned", adapter=adapter.name)
    state = Read("state", PREFIX, adapter=adapter.name)
    replies = finish(model, [plain, learned, state])
    tokens = {id: [draw.segment.tokens for draw in replies[id].draws] for id in ("plain", "learned")}
    assert tokens["plain"] != tokens["learned"]
    alone = finish(tiny(), [plain])["plain"]
    assert [draw.segment.tokens for draw in alone.draws] == tokens["plain"]
    twin = next(s.runner.module for key, s in model._schedules.items() if key.adapter)
    same = [
        name
        for name, tensor in model.module.named_parameters()
        if twin.get_parameter(name).data_ptr() == tensor.data_ptr()
    ]
    assert len(same) == sum(1 for _ in model.module.parameters()) - 4  # two layers, two targets in each


def test_idle_twins_are_given_up(tiny: Callable[..., LocalModel], tmp_path: Path) -> None:
    model = tiny()
    for seed in range(4):
        adapter = train(model, tmp_path, "llama", seed)
        model.load_adapter(adapter)
        finish(model, [Weigh("w", PREFIX, CONTINUATION, adapter.name)])
    assert [key.adapter for key in model._schedules] == ["night-3"]
    assert len(model._family) == 1


def test_what_rests_holds_nothing_and_answers_as_before(tiny: Callable[..., LocalModel], tmp_path: Path) -> None:
    model = tiny()
    adapter = train(model, tmp_path, "llama", 1)
    model.load_adapter(adapter)
    asks = [Weigh("bare", PREFIX, CONTINUATION), Weigh("learned", PREFIX, CONTINUATION, adapter.name)]
    before = finish(model, asks)
    live = Propose("live", PREFIX, 12, Sampling(max_tokens=8), Noise((1,)))
    model.submit([live])
    model.step()
    model.rest()  # the bare weights are being asked; those of the night are not
    assert [key.adapter for key in model._schedules] == [None]
    assert len(finish(model, [])["live"].draws) == 12
    assert model.held_bytes
    model.rest()
    assert (model.held_bytes, len(model._family), list(model._schedules)) == (0, 0, [])
    assert not any(isinstance(layer, PackedLinear) for layer in model.module.modules())
    after = finish(model, asks)
    for name in ("bare", "learned"):
        assert after[name].segments[0].logps == pytest.approx(before[name].segments[0].logps, abs=1e-5)


def test_adapters_that_cannot_be_loaded(tiny: Callable[..., LocalModel], tmp_path: Path) -> None:
    model = tiny()
    with pytest.raises(Unsupported, match="trained on a model with identity other"):
        model.load_adapter(Adapter("n", "other", str(tmp_path)))
    with pytest.raises(ModelNotFound, match="no adapter in"):
        model.load_adapter(Adapter("n", model.identity, str(tmp_path)))
    good = train(model, tmp_path, "llama", 1)
    config = Path(good.path) / "adapter_config.json"
    fields = json.loads(config.read_text())
    config.write_text(json.dumps(fields | {"peft_type": "PROMPT_TUNING"}))
    with pytest.raises(Unsupported, match="PROMPT_TUNING, which cannot be merged"):
        model.load_adapter(good)
    config.write_text("{")
    with pytest.raises(ModelDamaged, match=r"adapter_config\.json"):
        model.load_adapter(good)
    config.write_text(json.dumps(fields))
    (Path(good.path) / "adapter_model.safetensors").write_bytes(b"cut short")
    model.load_adapter(good)
    with pytest.raises(ModelDamaged, match="night-1"):
        model.submit([Weigh("v", PREFIX, CONTINUATION), Weigh("w", PREFIX, CONTINUATION, good.name)])
    assert model.step().replies == ()

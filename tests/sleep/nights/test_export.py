"""Nights for other programs: what is written says what transformers and peft say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from nightschool.errors import NightError, Unsupported, UsageError
from nightschool.items import Adapter
from nightschool.models import resolve
from nightschool.models.local.folder import identity_of
from nightschool.models.weights import kept
from nightschool.sleep.nights.export import export
from nightschool.sleep.nights.night import Night
from nightschool.surface.cli import run
from nightschool.train.adapter_name import name_of
from support.held_nights import ledger
from support.tiny_gguf import tiny_gguf
from support.tiny_models import TEMPLATE, tiny_model_folder

# peft asks transformers by an old name
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
IDS = torch.tensor([[1, 70, 80, 90, 100, 75]])


def adapter_of(base: Path, where: Path, targets: str | list[str] = "all-linear", std: float = 0.2) -> Adapter:
    """Return a LoRA adapter with random weights in both of its factors."""
    transposed = "c_attn" in targets  # as GPT-2 keeps its matrices
    config = LoraConfig(r=4, target_modules=targets, task_type="CAUSAL_LM", fan_in_fan_out=transposed)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        wrapped = get_peft_model(module_of(base), config)
        with torch.no_grad():
            for name, parameter in wrapped.named_parameters():
                if "lora_" in name:
                    parameter.normal_(std=std)
    wrapped.save_pretrained(where)
    manifest = kept.manifest_of(base)
    identity = manifest.identity if manifest else identity_of(base)
    return Adapter(name_of(where, identity), identity, str(where))


def module_of(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def with_peft(base: Path, adapter: str | Path) -> Any:
    return PeftModel.from_pretrained(module_of(base), adapter).eval()


def logits(module: Any, ids: torch.Tensor = IDS) -> torch.Tensor:
    with torch.no_grad():
        return module(ids).logits


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_model_folder(tmp_path, "llama")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Adapter:
    return adapter_of(base, tmp_path / "adapter")


def test_a_peft_folder_loads_on_the_base(base: Path, adapter: Adapter, tmp_path: Path) -> None:
    target = export(base, adapter, "peft", tmp_path / "new" / "out")
    assert name_of(target, adapter.base) == adapter.name
    said = logits(with_peft(base, target))
    assert torch.equal(said, logits(with_peft(base, adapter.path)))
    assert not torch.allclose(said, logits(module_of(base)))


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3", "gpt2"])
def test_a_merged_folder_says_what_peft_says(kind: str, tmp_path: Path) -> None:
    base = tiny_model_folder(tmp_path, kind)
    targets = ["c_attn", "c_proj"] if kind == "gpt2" else "all-linear"
    adapter = adapter_of(base, tmp_path / "adapter", targets)
    target = export(base, adapter, "merged", tmp_path / "out")
    torch.testing.assert_close(logits(module_of(target)), logits(with_peft(base, adapter.path)), atol=1e-4, rtol=1e-4)
    tokenizer = AutoTokenizer.from_pretrained(target)
    assert tokenizer.chat_template == TEMPLATE
    assert tokenizer("a b")["input_ids"] == AutoTokenizer.from_pretrained(base)("a b")["input_ids"]
    assert list(target.glob("*.safetensors"))
    assert resolve.open_model(str(target)).identity == identity_of(target)


def test_a_merged_folder_keeps_the_dtype_of_its_base(tmp_path: Path) -> None:
    base = tiny_model_folder(tmp_path, "llama")
    AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16).save_pretrained(base)
    target = export(base, adapter_of(base, tmp_path / "adapter"), "merged", tmp_path / "out")
    assert json.loads((target / "config.json").read_text())["dtype"] == "bfloat16"
    assert AutoModelForCausalLM.from_pretrained(target, dtype="auto").dtype == torch.bfloat16


@pytest.mark.parametrize("weights", ["f32", "f16", "q8_0"])
@pytest.mark.parametrize("tied", [False, True])
def test_a_gguf_holds_the_merged_tensors(weights: str, tied: bool, tmp_path: Path) -> None:
    base = tiny_model_folder(tmp_path, "llama", tie_word_embeddings=tied)
    adapter = adapter_of(base, tmp_path / "adapter")
    file = export(base, adapter, "gguf", tmp_path / "out" / "night.gguf", weights=weights)
    read = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in gguf.GGUFReader(file).tensors}
    merged = with_peft(base, adapter.path).merge_and_unload().state_dict()
    assert ("output.weight" in read) is not tied
    assert len(read) == len(merged) - tied
    close = {"f32": 0, "f16": 2e-3, "q8_0": 2e-2}[weights]
    pairs = {
        "token_embd": "model.embed_tokens", "output_norm": "model.norm",
        "blk.1.attn_v": "model.layers.1.self_attn.v_proj",
        "blk.0.ffn_down": "model.layers.0.mlp.down_proj", "blk.1.ffn_norm": "model.layers.1.post_attention_layernorm",
    }  # fmt: skip
    for ours, theirs in pairs.items():
        np.testing.assert_allclose(read[f"{ours}.weight"], merged[f"{theirs}.weight"].numpy(), atol=close, rtol=close)
    # four heads of 8 rows: row i of the first half of a head lies beside row i of the second
    order = [head * 8 + half * 4 + i for head in range(4) for i in range(4) for half in range(2)]
    queries = merged["model.layers.0.self_attn.q_proj.weight"].numpy()[order]
    np.testing.assert_allclose(read["blk.0.attn_q.weight"], queries, atol=close, rtol=close)
    keys = merged["model.layers.0.self_attn.k_proj.weight"].numpy()[order[:16]]
    np.testing.assert_allclose(read["blk.0.attn_k.weight"], keys, atol=close, rtol=close)


@pytest.mark.parametrize("copied", [False, True])
def test_a_gguf_of_a_gguf_comes_back_the_same(copied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "tiny.gguf"
    tensors = tiny_gguf(source)
    base = resolve.get(str(source))
    file = export(base, None, "gguf", tmp_path / "out.gguf", weights="f32", source=source if copied else None)
    for tensor in gguf.GGUFReader(file).tensors:
        np.testing.assert_array_equal(gguf.dequantize(tensor.data, tensor.tensor_type), tensors[tensor.name])
    before, after = (tokenizer_metadata(each) for each in (source, file))
    assert {name: after[name] for name in before} == before
    assert copied <= (after == before)


def tokenizer_metadata(file: Path) -> dict[str, Any]:
    return {n: f.contents() for n, f in gguf.GGUFReader(file).fields.items() if n.startswith("tokenizer.")}


def test_a_gguf_is_of_the_llama_architecture(tmp_path: Path) -> None:
    base = tiny_model_folder(tmp_path, "gpt2")
    with pytest.raises(Unsupported, match="llama without extras, and this one is of the architecture gpt2"):
        export(base, None, "gguf", tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


def test_a_tokenizer_that_llama_cpp_does_not_know_is_refused(base: Path, tmp_path: Path) -> None:
    file = base / "tokenizer.json"
    parts = json.loads(file.read_text())
    parts["pre_tokenizer"] = {"type": "Whitespace"}
    file.write_text(json.dumps(parts))
    with pytest.raises(Unsupported, match="splitting by Whitespace"):
        export(base, None, "gguf", tmp_path / "out.gguf")
    assert not [path for path in tmp_path.iterdir() if "out.gguf" in path.name]


def test_what_is_there_is_never_written_over(base: Path, adapter: Adapter, tmp_path: Path) -> None:
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "mine").write_text("mine")
    file.write_text("mine")
    for to in ("peft", "merged", "gguf"):
        for target in (full, file, file / "below"):
            with pytest.raises(UsageError, match=target.name):
                export(Path("no such base"), adapter, to, target)
    assert [path.name for path in full.iterdir()] == ["mine"]
    assert file.read_text() == "mine"
    with pytest.raises(UsageError, match="peft, merged, gguf"):
        export(base, adapter, "onnx", tmp_path / "out")
    with pytest.raises(UsageError, match="f16, f32, q8_0"):
        export(base, adapter, "gguf", tmp_path / "out", weights="q2")
    with pytest.raises(UsageError, match="no adapter"):
        export(base, None, "peft", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    assert export(base, adapter, "peft", tmp_path / "empty") == tmp_path / "empty"
    assert name_of(tmp_path / "empty", adapter.base) == adapter.name


@pytest.mark.parametrize("to", ["peft", "merged", "gguf"])
def test_a_full_disk_leaves_nothing(
    to: str, base: Path, adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NightError, match="No space left"):
        export(base, adapter, to, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def held(adapter: Adapter, model: str) -> Night:
    night = Night(
        base=adapter.base, model=model, task="sorting", adapter=adapter.name, lessons=1, lessons_hash="0", steps=1,
        seed=0, accepted=True, reason="better", created="2026-01-02T03:04:05+00:00", version="0.1.0",
    )  # fmt: skip
    return ledger().record(night, adapter, [])


@pytest.mark.parametrize("to", ["peft", "merged", "gguf"])
def test_the_command_line_exports_a_night(
    to: str, base: Path, adapter: Adapter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["export", "abc", "--to", to, "--out", str(out)]) == 2
    night = held(adapter, str(base))
    capsys.readouterr()
    assert run(["export", night.name[:8], "--to", to, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(out)
    assert out.exists()
    assert run(["export", night.name, "--to", to, "--out", str(out)]) == 2
    assert str(out) in capsys.readouterr().err


def test_the_command_line_refuses_a_night_of_another_model(
    base: Path, adapter: Adapter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = held(adapter, str(base))
    other = tiny_model_folder(tmp_path, "llama", seed=1)
    line = ["export", night.name, "--to", "merged", "--out", str(tmp_path / "out"), "--model", str(other)]
    assert run(line) == 1
    assert "has the identity" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


SERVE = """
import json, sys, urllib.request, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.port, params.cpuparams.n_threads = sys.argv[1], 256, 0, 1
server = xllamacpp.Server(params)
for ids in json.load(sys.stdin):
    body = json.dumps({"prompt": ids, "n_predict": 12, "temperature": 0, "return_tokens": True, "ignore_eos": True})
    request = urllib.request.Request(
        server.listening_address + "/completion", body.encode(), {"Content-Type": "application/json"}
    )
    print(json.dumps(json.load(urllib.request.urlopen(request))["tokens"]))
"""


@pytest.mark.slow
def test_llama_cpp_answers_as_transformers_does(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    base = resolve.get("smollm2")
    adapter = adapter_of(base, tmp_path / "adapter", ["q_proj", "k_proj", "down_proj"], std=0.01)
    file = export(base, adapter, "gguf", tmp_path / "night.gguf", weights="f32")
    tokenizer = AutoTokenizer.from_pretrained(base)
    module = with_peft(base, adapter.path)
    prompts = []
    for question in ("What is the capital of France?", "Sort these numbers: 53, 12, 7", "Count from 1 to 9."):
        turn = [{"role": "user", "content": question}]
        prompts.append(tokenizer.apply_chat_template(turn, add_generation_prompt=True)["input_ids"])
    ours = []
    for ids in prompts:
        so_far = list(ids)
        for _ in range(12):
            scores = logits(module, torch.tensor([so_far]))[0, -1]
            scores[list({tokenizer.eos_token_id, 0})] = -torch.inf
            so_far.append(int(scores.argmax()))
        ours.append(so_far[len(ids) :])
    command = [sys.executable, "-c", SERVE, str(file)]
    done = subprocess.run(command, input=json.dumps(prompts), capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == ours
    metadata = tokenizer_metadata(file)
    assert metadata["tokenizer.ggml.pre"] == "smollm"
    assert len(metadata["tokenizer.ggml.tokens"]) == 49152

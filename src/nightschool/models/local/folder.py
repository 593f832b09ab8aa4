"""From a transformers folder to a module, a tokenizer, and an identity."""

from __future__ import annotations

import copy
import hashlib
import os
from pathlib import Path
from typing import Any

import torch
import transformers

from nightschool.errors import ModelDamaged, ModelNotFound, Unsupported
from nightschool.models.local import attention, packed

_LAYERS = {"full_attention", "sliding_attention"}
_NAMED = ("config.json", "generation_config.json", "tokenizer*", "special_tokens_map.json", "chat_template*", "vocab*",
          "merges.txt", "*.model", "*.safetensors", "*.safetensors.index.json")  # fmt: skip


def device_of(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """Return the dtype called `name`; `auto` is bfloat16 where the hardware multiplies it natively, else float32."""
    if name == "auto":
        if device.type == "cuda":
            native = torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            native = bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
        return torch.bfloat16 if native else torch.float32
    dtype = getattr(torch, name, None)
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise Unsupported(f"no dtype {name!r} for a local model; there are auto, float32, bfloat16 and float16")
    return dtype


def set_threads() -> None:
    """Use as many threads as this process may run on: torch counts all cores of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if torch.get_num_threads() > cores:
        torch.set_num_threads(cores)


def load(path: Path, dtype: torch.dtype, device: torch.device) -> tuple[Any, Any]:
    """Return module and tokenizer of the folder `path`, the module frozen, in evaluation mode.

    Raises ModelNotFound, ModelDamaged for weights that do not fit the configuration, Unsupported for an architecture
    whose attention cannot be run exactly.
    """
    if not (path / "config.json").is_file():
        raise ModelNotFound(f"no model in {path}: a transformers folder with config.json and *.safetensors is needed")
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    try:
        config = transformers.AutoConfig.from_pretrained(path, local_files_only=True)
        refuse(config)
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, local_files_only=True)
        module, facts = transformers.AutoModelForCausalLM.from_pretrained(
            path, config=config, dtype=dtype, local_files_only=True, attn_implementation=attention.NAME,
            output_loading_info=True, use_safetensors=True,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, Unsupported):
            raise
        raise ModelDamaged(f"cannot read the model in {path}: {_line(error)}") from error
    except Exception as error:  # safetensors raises its own type, which derives from Exception alone
        if type(error).__name__ != "SafetensorError":
            raise
        raise ModelDamaged(f"a weights file in {path} is damaged: {_line(error)}; fetch it again") from error
    finally:
        if bars:
            transformers.utils.logging.enable_progress_bar()
    missing = sorted(facts["missing_keys"]) + sorted(str(key) for key in facts["mismatched_keys"])
    if missing:
        raise ModelDamaged(f"the weights in {path} lack {len(missing)} tensors of the model, such as {missing[0]}")
    return freeze(module.to(device)), tokenizer


def refuse(config: Any) -> None:
    """Raise Unsupported for a configuration whose attention is known to be more than this engine runs."""
    reason = ""
    layers = set(getattr(config, "layer_types", None) or ())
    if config.is_encoder_decoder:
        reason = "it has an encoder"
    elif layers - _LAYERS:
        reason = f"it has layers of kind {', '.join(sorted(layers - _LAYERS))}"
    elif not getattr(config, "is_causal", True) or getattr(config, "use_bidirectional_attention", None):
        reason = "it does not attend causally"
    elif getattr(config, "num_kv_shared_layers", 0):
        reason = "its layers share keys and values"
    elif getattr(config, "attention_chunk_size", None):
        reason = "it attends in chunks"
    if reason:
        raise Unsupported(
            f"the local engine cannot run a {config.model_type} model: {reason}; serve it and use openai:URL#MODEL"
        )


def freeze(module: Any) -> Any:
    """Return `module` in evaluation mode, none of its parameters wanting a gradient."""
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def twin(module: Any, attention_name: str = attention.NAME) -> Any:
    """Return a new module of the same architecture whose parameters share their memory with those of `module`.

    The parameters are objects of their own: freezing, replacing or wrapping one leaves `module` as it is. Only writing
    into one in place would not.
    """
    memo: dict[int, Any] = {id(tensor): tensor for tensor in packed.shared(module)}
    for parameter in module.parameters():
        memo[id(parameter)] = torch.nn.Parameter(parameter.data, requires_grad=False)
    other = copy.deepcopy(module, memo)
    packed.unpack(other)
    other.set_attn_implementation(attention_name)
    return other


def identity_of(path: Path) -> str:
    """Return 64 hexadecimal digits that name weights, tokenizer and chat template of a folder by content."""
    total = hashlib.sha256()
    files = {file for pattern in _NAMED for file in path.glob(pattern)}
    for file in sorted(files):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.name} {content}\n".encode())
    return total.hexdigest()


def end_ids(module: Any, tokenizer: Any) -> frozenset[int]:
    """Return every id that ends a turn: of the configurations, the tokenizer, and the chat template's end marker."""
    found: set[int] = set()
    for holder in (module.config, module.generation_config, tokenizer):
        ids = getattr(holder, "eos_token_id", None)
        found.update(ids if isinstance(ids, (list, tuple)) else [] if ids is None else [ids])
    if tokenizer.chat_template:
        marker = "nightschool"
        try:
            text = tokenizer.apply_chat_template(
                [{"role": "user", "content": "?"}, {"role": "assistant", "content": marker}], tokenize=False
            )
        except Exception:  # a template may refuse anything; then it names no end
            text = ""
        after = tokenizer.encode(text.rpartition(marker)[2].lstrip(), add_special_tokens=False)
        if after and after[0] in tokenizer.all_special_ids:
            found.add(after[0])
    return frozenset(found)


def context_of(config: Any) -> int:
    """Return the longest sequence that the model was made for."""
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        length = getattr(config, name, None)
        if isinstance(length, int) and length > 0:
            return length
    raise Unsupported(f"the configuration of this {config.model_type} model does not say how long its context is")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]

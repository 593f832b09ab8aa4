"""A model of the llama architecture as a GGUF file, for llama.cpp and what is built on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nightschool.errors import Unsupported
from nightschool.models.weights import gguf_tokenizer

TYPES = ("f16", "f32", "q8_0")
_BLOCK = 32  # weights that share one scale in q8_0
_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def refuse(config: Any) -> None:
    """Raise Unsupported for a configuration that cannot be written. config: of transformers."""
    rope = getattr(config, "rope_parameters", None) or {}
    reason = ""
    if config.model_type != "llama":
        reason = f"this one is of the architecture {config.model_type}"
    elif rope.get("rope_type", "default") != "default":
        reason = f"this one scales its positions ({rope['rope_type']})"
    elif config.attention_bias or config.mlp_bias:
        reason = "this one has biases"
    elif config.hidden_act != "silu":
        reason = f"this one has the activation {config.hidden_act}"
    if reason:
        raise Unsupported(
            f"a GGUF can be written of models of the architecture llama without extras, and {reason}; "
            "export --to merged, and convert that with llama.cpp's convert_hf_to_gguf.py"
        )


def write_gguf(file: Path, module: Any, tokenizer: Any, weights: str = "f16", source: Path | None = None) -> None:
    """Write `module` and `tokenizer` to the GGUF `file`.

    weights: one of TYPES; vectors are always f32, and a matrix whose rows q8_0 cannot divide into blocks is f16.
    source: the GGUF that the model came from, whose description of the tokenizer is copied; else it is written from
    the tokenizer. Raises Unsupported for another architecture or a tokenizer that GGUF cannot describe.
    """
    import gguf

    config = module.config
    refuse(config)
    head = config.head_dim or config.hidden_size // config.num_attention_heads
    writer = gguf.GGUFWriter(file, "llama")
    try:
        writer.add_name(file.stem)
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_key_length(head)
        writer.add_value_length(head)
        writer.add_rope_dimension_count(head)
        writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_vocab_size(config.vocab_size)
        writer.add_file_type({"f32": 0, "f16": 1, "q8_0": 7}[weights])
        if source is None:
            gguf_tokenizer.write(writer, tokenizer, config.vocab_size)
        else:
            gguf_tokenizer.copy(writer, source)
        for name, tensor in _tensors(module):
            _add(writer, name, tensor, weights)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _tensors(module: Any) -> list[tuple[str, Any]]:
    """Return the tensors by llama.cpp's names, float32, queries and keys in its order of rotation."""
    config = module.config
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    found = []
    for name, tensor in module.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        stem, before = name.removesuffix(".weight"), ""
        if stem.startswith("model.layers."):
            _, _, number, stem = stem.split(".", 3)
            before = f"blk.{number}."
        if stem not in _NAMES:
            raise Unsupported(f"there is no place in a GGUF of the architecture llama for the tensor {name}")
        values = tensor.detach().float().cpu().numpy()
        if _NAMES[stem] in heads:
            values = _rotated(values, heads[_NAMES[stem]])
        found.append((f"{before}{_NAMES[stem]}.weight", values))
    return found


def _rotated(values: Any, heads: int) -> Any:
    """Return rows `[head, half, i]` as `[head, i, half]`: llama.cpp rotates neighbours, transformers rotates halves."""
    rows, columns = values.shape
    return values.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _add(writer: Any, name: str, values: Any, weights: str) -> None:
    import gguf
    import numpy as np

    if values.ndim == 1 or weights == "f32":
        writer.add_tensor(name, np.ascontiguousarray(values))
    elif weights == "q8_0" and values.shape[-1] % _BLOCK == 0:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(np.ascontiguousarray(values), kind), raw_dtype=kind)
    elif np.abs(values).max() > np.finfo(np.float16).max:
        raise Unsupported(f"the tensor {name} has values that f16 cannot hold; write the GGUF as f32")
    else:
        writer.add_tensor(name, values.astype(np.float16))

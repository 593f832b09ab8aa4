"""Tiny random-weight models of many architectures, saved as transformers folders: no download, milliseconds to build.

    folder = tiny_model_folder(tmp_path, kind="llama")

All share one byte-level tokenizer of about 260 ids with a ChatML-like template; the context is 512 tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
KINDS = ("llama", "qwen2", "qwen3", "mistral", "gpt2", "gpt_neox", "gemma", "gemma2", "gemma3")
CONTEXT = 512


def tiny_tokenizer() -> Any:
    """Return a byte-level tokenizer: one id for each byte, and `<|endoftext|>`, `<|im_start|>`, `<|im_end|>`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2}
    vocabulary |= {letter: 3 + i for i, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = TEMPLATE
    return fast


def tiny_config(kind: str = "llama", *, hidden: int = 32, layers: int = 2, vocab: int = 260, **more: Any) -> Any:
    """Return the transformers configuration of a tiny model of `kind`, one of KINDS; more: fields to override."""
    from transformers import AutoConfig

    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    common: dict[str, Any] = {
        "vocab_size": vocab, "hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": layers,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": CONTEXT, **special,
    }  # fmt: skip
    if kind == "gpt2":
        common = {
            "vocab_size": vocab,
            "n_embd": hidden,
            "n_layer": layers,
            "n_head": 4,
            "n_positions": CONTEXT,
        } | special
    elif kind == "gpt_neox":
        common.pop("num_key_value_heads")
    elif kind == "qwen3":
        common["head_dim"] = 16
    elif kind == "mistral":
        common["sliding_window"] = 24
    elif kind == "gemma":
        common["head_dim"] = 8
    elif kind == "gemma2":
        common |= {"head_dim": 8, "sliding_window": 24, "query_pre_attn_scalar": 8}
        common["layer_types"] = ["sliding_attention" if i % 2 == 0 else "full_attention" for i in range(layers)]
    elif kind == "gemma3":
        kind = "gemma3_text"
        common |= {"head_dim": 8, "sliding_window": 24, "query_pre_attn_scalar": 8}
        common["layer_types"] = ["full_attention" if i == layers - 1 else "sliding_attention" for i in range(layers)]
    return AutoConfig.for_model(kind, **(common | more))


def tiny_model(kind: str = "llama", *, seed: int = 0, sharpness: float = 8.0, **more: Any) -> Any:
    """Return a float32 transformers model of `kind` with random weights, in evaluation mode.

    sharpness: factor on the usual initial scale, so that logits differ enough for tests to see mistakes.
    """
    import torch
    from transformers import AutoModelForCausalLM

    config = tiny_config(kind, **more)
    config.initializer_range = 0.02 * sharpness
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def tiny_model_folder(path: Path, kind: str = "llama", seed: int = 0, **more: Any) -> Path:
    """Return `path`/`kind`-`seed`, a transformers folder (safetensors, tokenizer, template) of a tiny random model."""
    folder = Path(path) / f"{kind}-{seed}"
    tiny_model(kind, seed=seed, **more).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder

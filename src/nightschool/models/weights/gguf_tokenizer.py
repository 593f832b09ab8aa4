"""A tokenizer as the metadata of a GGUF file: copied from the file that it came from, or written from its parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nightschool.errors import Unsupported

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PLAIN, _CONTROL, _UNUSED, _OWN = 1, 3, 5, 4  # token types of GGUF: normal, control, unused, user-defined


def refuse(tokenizer: Any) -> None:
    """Raise Unsupported for a tokenizer that cannot be described in a GGUF file."""
    _splitting(_parts(tokenizer))


def copy(writer: Any, source: Path) -> None:
    """Put all that the GGUF file `source` says about its tokenizer into `writer`."""
    import gguf

    for name, field in gguf.GGUFReader(source).fields.items():
        if name.startswith("tokenizer."):
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)


def write(writer: Any, tokenizer: Any, size: int) -> None:
    """Put a byte-level BPE tokenizer into `writer`. size: rows of the embedding; unused ones get names of their own.

    Raises Unsupported for any other tokenizer, or one that splits text as no tokenizer of llama.cpp is known to.
    """
    parts = _parts(tokenizer)
    tokens, kinds = [f"[PAD{i}]" for i in range(size)], [_UNUSED] * size
    for token, place in parts["model"]["vocab"].items():
        tokens[place], kinds[place] = token, _PLAIN
    for added in parts["added_tokens"]:
        tokens[added["id"]], kinds[added["id"]] = added["content"], _CONTROL if added["special"] else _OWN
    merges = [each if isinstance(each, str) else " ".join(each) for each in parts["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitting(parts))
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    if merges:
        writer.add_token_merges(merges)
    ids = [
        (tokenizer.bos_token_id, writer.add_bos_token_id),
        (tokenizer.eos_token_id, writer.add_eos_token_id),
        (tokenizer.unk_token_id, writer.add_unk_token_id),
        (tokenizer.pad_token_id, writer.add_pad_token_id),
    ]
    for number, add in ids:
        if number is not None:
            add(number)
    writer.add_add_bos_token(tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id])
    writer.add_add_space_prefix(False)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _parts(tokenizer: Any) -> dict[str, Any]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise Unsupported(f"a {type(tokenizer).__name__} has no tokenizer.json to write to a GGUF; export --to merged")
    parts: dict[str, Any] = json.loads(backend.to_str())
    return parts


def _splitting(parts: dict[str, Any]) -> str:
    """Return the name that llama.cpp has for the way in which a tokenizer splits text. Raises Unsupported."""
    before = parts["pre_tokenizer"] or {}
    steps = before.get("pretokenizers", [before])
    model = parts["model"]
    shape = [step.get("type") for step in steps]
    whole = model["type"] == "BPE" and not parts["normalizer"] and not steps[-1].get("add_prefix_space", False)
    if whole and shape == ["ByteLevel"] and steps[0]["use_regex"]:
        return "gpt-2"
    if whole and shape == ["Digits", "ByteLevel"] and steps[0]["individual_digits"] and steps[1]["use_regex"]:
        return "smollm"
    if whole and shape == ["Split", "ByteLevel"] and not steps[1]["use_regex"] and model.get("ignore_merges"):
        llama3 = steps[0]["pattern"] == {"Regex": _LLAMA3} and steps[0]["behavior"] == "Isolated"
        if llama3:
            return "llama-bpe"
    raise Unsupported(
        f"this tokenizer ({model['type']}, splitting by {' and '.join(map(str, shape))}) cannot be written to a GGUF: "
        "byte-level BPE that splits as GPT-2, SmolLM or Llama 3 can; export --to merged instead"
    )

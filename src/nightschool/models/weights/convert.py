"""A GGUF file, dequantised once to a transformers folder of float32 safetensors.

transformers reads GGUF files and refuses to save what it read, so the tensors are copied into a fresh model.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightschool import paths
from nightschool.errors import MissingDependency, ModelDamaged, ModelNotFound
from nightschool.models.weights.kept import folder_for, manifest_of, write_manifest
from nightschool.ports import Watcher

_DIGITS_APART = {"smollm", "starcoder", "refact", "codeshell", "exaone"}
"""Pre-tokenizers of llama.cpp that split digits before the pattern of GPT-2; transformers forgets to."""


def converted(file: Path, sha256: str, source: str, watch: Watcher) -> Path:
    """Return the transformers folder made of the GGUF `file` of that hash, made now where the cache has none.

    source: what the manifest shall say about its origin. Two processes may do this at once: the first to finish wins.
    Raises ModelNotFound, ModelDamaged, MissingDependency.
    """
    final = folder_for(sha256)
    if manifest_of(final) is None:
        if not file.is_file():
            raise ModelNotFound(f"no such file: {file}")
        architecture_of(file)
        watch.stage(f"Dequantising {file.name} (once)")
        with paths.new_folder(final) as folder:
            _convert(file, folder)
            versions = {name: importlib.metadata.version(name) for name in ("transformers", "torch", "gguf")}
            write_manifest(folder, source, sha256, versions)
        watch.advance()
    return final


def architecture_of(file: Path) -> str:
    """Return the architecture that a GGUF file declares. Raises ModelDamaged for a broken or unsupported file."""
    try:
        import gguf
        from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES
    except ImportError as error:
        raise MissingDependency(
            f"reading {file.name} needs {error.name}; type: pip install 'nightschool[local]'"
        ) from error
    with file.open("rb") as stream:
        magic = stream.read(4)
    size = file.stat().st_size
    if magic != b"GGUF":
        raise ModelDamaged(f"{file} ({size} bytes) is no GGUF file: it begins with {magic!r}, not with b'GGUF'")
    try:
        field = gguf.GGUFReader(file).fields.get("general.architecture")
        architecture = str(field.contents()) if field else ""
    except Exception as error:  # the reader trusts its file: a cut one surfaces as any of a dozen errors
        raise ModelDamaged(f"{file} ({size} bytes) is cut short or damaged: {error}; fetch it again") from error
    if architecture not in GGUF_SUPPORTED_ARCHITECTURES:
        raise ModelDamaged(
            f"{file} is of the architecture {architecture!r}, which cannot be read here; "
            f"supported: {', '.join(sorted(GGUF_SUPPORTED_ARCHITECTURES))}"
        )
    return architecture


def _convert(file: Path, folder: Path) -> None:
    import torch
    import transformers

    with _quiet():
        try:
            read = transformers.AutoModelForCausalLM.from_pretrained(
                file.parent, gguf_file=file.name, dtype=torch.float32, local_files_only=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                file.parent, gguf_file=file.name, local_files_only=True
            )
        except (ValueError, KeyError, IndexError, RuntimeError, NotImplementedError) as error:
            raise ModelDamaged(f"{file} cannot be read: {' '.join(str(error).split())[:300]}") from error
        config = copy.deepcopy(read.config)
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        config.dtype = torch.float32
        fresh = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        fresh.load_state_dict(read.state_dict(), strict=True, assign=True)
        fresh.tie_weights()
        fresh.save_pretrained(folder)
        _mend(tokenizer, _metadata(file))
        tokenizer.save_pretrained(folder)


def _metadata(file: Path) -> dict[str, Any]:
    import gguf

    wanted = ("tokenizer.ggml.pre", "tokenizer.chat_template")
    fields = gguf.GGUFReader(file).fields
    return {name: fields[name].contents() for name in wanted if name in fields}


def _mend(tokenizer: Any, metadata: dict[str, Any]) -> None:
    from tokenizers import pre_tokenizers

    backend = tokenizer.backend_tokenizer
    if metadata.get("tokenizer.ggml.pre") in _DIGITS_APART:
        digits = pre_tokenizers.Digits(individual_digits=True)
        backend.pre_tokenizer = pre_tokenizers.Sequence([digits, backend.pre_tokenizer])
    if not tokenizer.chat_template and "tokenizer.chat_template" in metadata:
        tokenizer.chat_template = metadata["tokenizer.chat_template"]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    import transformers

    bars = transformers.utils.logging.is_progress_bar_enabled()
    level = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity(logging.ERROR)
    try:
        # a bar that cannot be switched off, and numpy's warning of read-only arrays that are only read
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers.utils.logging.set_verbosity(level)
        if bars:
            transformers.utils.logging.enable_progress_bar()

"""A GGUF file, dequantised once to a transformers folder of float32 safetensors.

transformers reads GGUF files and refuses to save what it read, so the tensors are copied into a fresh model.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightschool import paths
from nightschool.errors import MissingDependency, ModelDamaged
from nightschool.models.weights import gguf_file
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
        gguf_file.check(file)
        watch.stage(f"Dequantising {file.name} (once)")
        reader = _opened(file)
        _architecture(file, reader)
        with paths.new_folder(final) as folder, _read_once(file, reader):
            _convert(file, folder, reader)
            versions = {name: importlib.metadata.version(name) for name in ("transformers", "torch", "gguf")}
            write_manifest(folder, source, sha256, versions)
    return final


def _opened(file: Path) -> Any:
    try:
        import gguf
        import transformers  # noqa: F401  (said before, not after, minutes of reading)
    except ImportError as error:
        raise MissingDependency(
            f"reading {file.name} needs {error.name}; type: pip install 'nightschool[local]'"
        ) from error
    try:
        return gguf.GGUFReader(file)
    except Exception as error:  # the reader trusts its file: a cut one surfaces as any of a dozen errors
        size = file.stat().st_size
        raise ModelDamaged(f"{file} ({size} bytes) is cut short or damaged: {error}; fetch it again") from error


def _architecture(file: Path, reader: Any) -> str:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    architecture = str(_metadata(reader, "general.architecture") or "")
    if architecture not in GGUF_SUPPORTED_ARCHITECTURES:
        raise ModelDamaged(
            f"{file} is of the architecture {architecture!r}, which cannot be read here; "
            f"supported: {', '.join(sorted(GGUF_SUPPORTED_ARCHITECTURES))}"
        )
    return architecture


def _convert(file: Path, folder: Path, reader: Any) -> None:
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
        with torch.device("meta"):  # every weight is given below: none is drawn
            fresh = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        fresh.load_state_dict(read.state_dict(), strict=True, assign=True)
        fresh.tie_weights()
        fresh.save_pretrained(folder)
        _mend(tokenizer, reader)
        tokenizer.save_pretrained(folder)


def _metadata(reader: Any, key: str) -> Any:
    field = reader.fields.get(key)
    return None if field is None else field.contents()


def _mend(tokenizer: Any, reader: Any) -> None:
    from tokenizers import pre_tokenizers

    backend = tokenizer.backend_tokenizer
    if _metadata(reader, "tokenizer.ggml.pre") in _DIGITS_APART:
        digits = pre_tokenizers.Digits(individual_digits=True)
        backend.pre_tokenizer = pre_tokenizers.Sequence([digits, backend.pre_tokenizer])
    if not tokenizer.chat_template and (template := _metadata(reader, "tokenizer.chat_template")):
        tokenizer.chat_template = template


@contextlib.contextmanager
def _read_once(file: Path, reader: Any) -> Iterator[None]:
    """Hand `reader` to transformers, which opens the file three times; a large vocabulary takes seconds each time.

    The table of tensor names is made once, too: transformers makes it anew for every module of the model.
    """
    import gguf

    original, names = gguf.GGUFReader, gguf.get_tensor_name_map

    def reopened(path: Any, *words: Any, **more: Any) -> Any:
        return reader if Path(path) == file else original(path, *words, **more)

    gguf.GGUFReader, gguf.get_tensor_name_map = reopened, functools.cache(names)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = original, names


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

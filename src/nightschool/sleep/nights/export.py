"""A night for other programs: a peft adapter, a merged transformers folder, or a GGUF file."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nightschool import paths
from nightschool.errors import MissingDependency, NightError, UsageError
from nightschool.items import Adapter
from nightschool.train.adapter_name import CONFIG, WEIGHTS

FORMS = ("peft", "merged", "gguf")


def export(
    base_folder: Path,
    adapter: Adapter | None,
    to: str,
    target: Path,
    *,
    weights: str = "f16",
    source: Path | None = None,
) -> Path:
    """Return `target`, written whole: a kill or an error leaves nothing under that name.

    base_folder: the transformers folder of the model that `adapter` was trained on, which the caller has checked; None
    for `adapter` writes the bare model. to: `peft` (a folder to load on the base), `merged` (a transformers folder) or
    `gguf` (one file). weights: of a GGUF, `f16`, `f32` or `q8_0`. source: the GGUF file that the base came from, whose
    tokenizer is copied.

    Raises UsageError before any work for a form that is none, or a target that is there already; NightError for a
    target that cannot be written; Unsupported for a model that GGUF cannot hold; ModelDamaged, ModelNotFound.
    """
    check_target(to, target, weights)
    if to == "peft" and adapter is None:
        raise UsageError("the bare model has no adapter to export; name a night, or export --to merged or gguf")
    try:
        if to == "gguf":
            _gguf(base_folder, adapter, target, weights, source)
        else:
            with paths.new_folder(target) as growing:
                if adapter is not None and to == "peft":
                    for name in (CONFIG, WEIGHTS):
                        shutil.copyfile(Path(adapter.path) / name, growing / name)
                else:
                    _merged(base_folder, adapter, growing)
    except OSError as error:
        if isinstance(error, (NightError, ModuleNotFoundError)) or error.errno is None:
            raise
        raise NightError(f"cannot export to {target}: {error}") from error
    except ModuleNotFoundError as error:
        raise MissingDependency(f"exporting needs {error.name}; type: pip install 'nightschool[local]'") from error
    return target


def check_target(to: str, target: Path, weights: str = "f16") -> None:
    """Raise UsageError where nothing can be exported to `target` without harm."""
    from nightschool.models.weights.to_gguf import TYPES

    if to not in FORMS:
        raise UsageError(f"cannot export to {to!r}; there are: {', '.join(FORMS)}")
    if weights not in TYPES:
        raise UsageError(f"no weights {weights!r} in a GGUF; there are: {', '.join(TYPES)}")
    if to == "gguf" and target.is_dir():
        raise UsageError(f"{target} is a folder, and a GGUF is a file; name one: {target / 'night.gguf'}")
    if to != "gguf" and target.is_dir():
        if any(target.iterdir()):
            raise UsageError(f"{target} is not empty; name a folder that is not there yet")
    elif os.path.lexists(target):
        raise UsageError(f"{target} is there already; name another, or delete it first")
    near = next(folder for folder in target.absolute().parents if os.path.lexists(folder))
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise UsageError(f"{target} cannot be written: {near} is no folder that you may write to")


def _merged(base: Path, adapter: Adapter | None, growing: Path) -> None:
    from nightschool.models.local import merge

    module, tokenizer = merge.merged(base, adapter)
    merge.save(module, tokenizer, base, growing)


def _gguf(base: Path, adapter: Adapter | None, target: Path, weights: str, source: Path | None) -> None:
    from nightschool.models.local import merge
    from nightschool.models.weights import gguf_tokenizer, to_gguf

    to_gguf.refuse(merge.config_of(base))
    module, tokenizer = merge.merged(base, adapter)
    if source is None:
        gguf_tokenizer.refuse(tokenizer)
    with _new_file(target) as growing:
        to_gguf.write_gguf(growing, module, tokenizer, weights, source)


@contextlib.contextmanager
def _new_file(final: Path) -> Iterator[Path]:
    """Give a file to write that becomes `final` at the end, whole and on disk, or is gone if writing it failed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}."))
    try:
        yield folder / final.name
        (folder / final.name).chmod(0o644)
        paths.sync(folder / final.name)
        (folder / final.name).replace(final)
        paths.sync(final.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

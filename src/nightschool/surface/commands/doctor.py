"""`nightschool doctor`: what is installed, what is therefore switched off, and what to type to get it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import click

from nightschool import sandbox
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer

_LOCAL = "pip install 'nightschool[local]'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that nightschool can use. found: version or place, None where absent; gives: what rests on it."""

    name: str
    found: str | None
    gives: str
    get: str


@click.command("doctor", short_help="Say what is installed.")
@shared()
def command(settings: Settings) -> None:
    """Say what is installed, what is switched off for want of it, and what to type to get it.

    Nothing heavy is imported and nothing is fetched.
    """
    found = list(findings())
    lines = [f"nightschool {version('nightschool')}, Python {platform.python_version()} at {sys.executable}"]
    lines.append(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}")
    wide = max(len(f.name) for f in found)
    for f in found:
        if f.found is not None:
            lines.append(f"  {f.name:<{wide}}  {f.found}")
        else:
            lines.append(f"  {f.name:<{wide}}  missing; switched off: {f.gives}; {f.get}")
    data = {
        "nightschool": version("nightschool"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "findings": found,
        "switched_off": [f.gives for f in found if f.found is None],
    }
    answer(settings, "\n".join(lines), data)


def findings() -> Iterator[Finding]:
    """Yield what was looked for, in the order in which a newcomer misses it."""
    yield Finding("torch", _version("torch"), "models on this machine, and nights", _LOCAL)
    yield Finding("transformers", _version("transformers"), "models on this machine, and nights", _LOCAL)
    yield Finding("peft", _version("peft"), "nights and the rung lora", _LOCAL)
    yield Finding("gguf", _version("gguf"), "models in GGUF files, such as smollm2", _LOCAL)
    yield Finding("safetensors", _version("safetensors"), "the cache of models, and nights", _LOCAL)
    yield Finding("llguidance", _version("llguidance"), "answers that keep a JSON schema", _LOCAL)
    yield Finding("starlette", _version("starlette"), "nightschool serve", "pip install 'nightschool[serve]'")
    yield Finding("mcp", _version("mcp"), "nightschool mcp", "pip install 'nightschool[mcp]'")
    why_not = sandbox.available()
    yield Finding(
        "sandbox",
        "bubblewrap works here" if why_not is None else None,
        "running code that a model wrote (the critic python-tests)",
        why_not or "",
    )


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None

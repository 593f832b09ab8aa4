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
from nightschool.errors import MissingDependency
from nightschool.paths import cache_folder, data_folder
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer
from nightschool.uci import find_engine

_LOCAL = "pip install 'nightschool[local]'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that nightschool can use. found: version or place, None where absent; gives: what rests on it."""

    name: str
    found: str | None
    gives: str
    get: str


@click.command("doctor", short_help="Say what is installed.")
@shared(config=True)
def command(settings: Settings) -> int:
    """Say what is installed, what is switched off for want of it, and what to type to get it.

    Then whether what is kept is whole: weights, nights, memories. Nothing heavy is imported and nothing is fetched;
    the exit code is 1 where something is damaged.
    """
    from nightschool.surface.health import checks

    assert settings.config is not None  # `shared(config=True)` reads one
    found = list(findings())
    health = list(checks(settings.config.model, cache_folder(), data_folder()))
    lines = [f"nightschool {version('nightschool')}, Python {platform.python_version()} at {sys.executable}"]
    lines.append(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}")
    wide = max(len(f.name) for f in found)
    for f in found:
        if f.found is not None:
            lines.append(f"  {f.name:<{wide}}  {f.found}")
        else:
            lines.append(f"  {f.name:<{wide}}  missing; switched off: {f.gives}; {f.get}")
    lines.append("kept on this machine:")
    wide = max(len(check.name) for check in health)
    for check in health:
        mark = "" if check.good else "DAMAGED: "
        lines.append(f"  {check.name:<{wide}}  {mark}{check.said}{'; ' + check.get if check.get else ''}")
    data = {
        "nightschool": version("nightschool"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "findings": found,
        "switched_off": [f.gives for f in found if f.found is None],
        "health": health,
        "healthy": all(check.good for check in health),
    }
    answer(settings, "\n".join(lines), data)
    return 0 if data["healthy"] else 1


def findings() -> Iterator[Finding]:
    """Yield what was looked for, in the order in which a newcomer misses it."""
    yield Finding("torch", _version("torch"), "models on this machine, and nights", _LOCAL)
    yield Finding("transformers", _version("transformers"), "models on this machine, and nights", _LOCAL)
    yield Finding("peft", _version("peft"), "nights and the rung lora", _LOCAL)
    yield Finding("gguf", _version("gguf"), "models in GGUF files, such as smollm2", _LOCAL)
    yield Finding("safetensors", _version("safetensors"), "the cache of models, and nights", _LOCAL)
    yield Finding("llguidance", _version("llguidance"), "answers that keep a JSON schema", _LOCAL)
    yield Finding("xllamacpp", _version("xllamacpp"), "GGUF files as they are, in llama.cpp (gguf:FILE)",
                  "pip install 'nightschool[llama]'")  # fmt: skip
    for part in ("starlette", "uvicorn", "sse-starlette", "prometheus-client"):
        yield Finding(part, _version(part), "nightschool serve", "pip install 'nightschool[serve]'")
    yield Finding("mcp", _version("mcp"), "nightschool mcp", "pip install 'nightschool[mcp]'")
    yield Finding("tokenizers", _version("tokenizers"), "recalling by meaning (words alone do without)",
                  "pip install 'nightschool[memory]'")  # fmt: skip
    yield Finding("psycopg", _version("psycopg"), "memories in PostgreSQL", "pip install 'nightschool[postgres]'")
    yield Finding("chess", _version("chess"), "the world chess and its critics", "pip install 'nightschool[chess]'")
    yield Finding("stockfish", _engine(), "the critic and expert chess-engine",
                  "sudo apt-get install stockfish")  # fmt: skip
    why_not = sandbox.available()
    yield Finding(
        "sandbox",
        "bubblewrap works here" if why_not is None else None,
        "running code that a model wrote (the critic python-tests)",
        why_not or "",
    )


def _engine() -> str | None:
    try:
        return find_engine()
    except MissingDependency:
        return None


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None

"""What the user settled once: the default model, prices, limits. One TOML file, and the environment above it.

    model = "openai:http://localhost:8000/v1#qwen3"

    [endpoint]
    requests = 16                # at once
    timeout_s = 120
    key_variable = "MY_KEY"      # the name of an environment variable, never a key

    [prices."gpt-*"]             # per million tokens
    prompt = 0.15
    sampled = 0.60

The file is `--config`, else NIGHTSCHOOL_CONFIG, else `config.toml` in the configuration folder. NIGHTSCHOOL_MODEL,
NIGHTSCHOOL_REQUESTS and NIGHTSCHOOL_TIMEOUT_S go before the file. Keys are read from the environment when they are
used, and are never written down or printed.
"""

from __future__ import annotations

import difflib
import fnmatch
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nightschool import paths
from nightschool.errors import BadFile
from nightschool.items import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars per million tokens. Weighed tokens are prompt tokens to those who charge."""

    prompt: float = 0.0
    sampled: float = 0.0

    def __post_init__(self) -> None:
        if not (self.prompt >= 0 and self.sampled >= 0):
            raise ValueError(f"a price is not below zero: {self}")

    def of(self, usage: Usage) -> float:
        """Return what `usage` costs in US dollars.

        >>> Price(prompt=1, sampled=10).of(Usage(prompt_tokens=1000, sampled_tokens=100))
        0.002
        """
        read = usage.prompt_tokens + usage.weighed_tokens
        return (read * self.prompt + usage.sampled_tokens * self.sampled) / 1e6


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to treat a server. requests: at once; key_variable: the environment variable that holds the key.

    draws_per_request: 1 gives every draw its own seed; more lets a hosted model bill the prompt once for all of them.
    """

    requests: int = 8
    timeout_s: float = 120.0
    retries: int = 5
    draws_per_request: int = 1
    key_variable: str = "OPENAI_API_KEY"
    context_tokens: int = 0
    """0: as the server says, else 8192"""


@dataclass(frozen=True, slots=True)
class Config:
    """All that was settled. source: the file it came from, if any."""

    model: str = "smollm2"
    prices: Mapping[str, Price] = field(default_factory=dict)
    endpoint: Endpoint = field(default_factory=Endpoint)
    source: Path | None = None

    def price(self, model: str) -> Price | None:
        """Return the price of `model`, by name or else by the longest glob pattern that fits; None where none does.

        An `openai:URL#NAME` model is also looked up as NAME.
        """
        names = [model, model.partition("#")[2]]
        fitting = [p for p in self.prices if any(name and fnmatch.fnmatchcase(name, p) for name in names)]
        if not fitting:
            return None
        return self.prices[max(fitting, key=lambda pattern: (pattern in names, len(pattern)))]


def read(file: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration. Raises BadFile, naming file, key and near misses.

    file: must exist; without it, NIGHTSCHOOL_CONFIG (must exist too), else the user's `config.toml` if there is one.
    """
    named = file or environ.get("NIGHTSCHOOL_CONFIG")
    path = Path(named).expanduser() if named else paths.config_folder(environ) / "config.toml"
    config = _parse(path) if named or path.is_file() else Config()
    return _overridden(config, environ)


def _parse(path: Path) -> Config:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadFile(f"{path}: no such configuration file; leave --config out to use the defaults") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}: not TOML: {error}") from error
    # only where there is a file: 0.1 s that every start without one is spared
    from nightschool.config.file import validated

    return validated(table, path)


def _overridden(config: Config, environ: Mapping[str, str]) -> Config:
    if model := environ.get("NIGHTSCHOOL_MODEL"):
        config = replace(config, model=model)
    numbers: dict[str, Any] = {}
    for variable, name, kind in (
        ("NIGHTSCHOOL_REQUESTS", "requests", int),
        ("NIGHTSCHOOL_TIMEOUT_S", "timeout_s", float),
    ):
        if text := environ.get(variable):
            try:
                numbers[name] = kind(text)
            except ValueError:
                numbers[name] = -1
            if not numbers[name] > 0:
                raise BadFile(f"environment variable {variable}={text!r}: a number above 0 is needed")
    return replace(config, endpoint=replace(config.endpoint, **numbers)) if numbers else config


def near(name: str, known: list[str]) -> str:
    """Return advice on what may have been meant by `name`."""
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"

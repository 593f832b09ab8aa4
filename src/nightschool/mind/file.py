"""Minds as files: TOML that a person can read and change, checked key by key.

nightschool = 1
model = "smollm2"
strategy = "best-of-n:n=16"
critic = "sorted-list"
budget = "2000tok"

[sampling]
max_tokens = 32
temperature = 0.8

[prompt]
user = "Sort these numbers: {numbers}"
stop = ["\\n"]

[[examples]]
inputs = {numbers = "3, 1, 2"}
answer = "1, 2, 3"
key = "1 2 3"
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightschool.config import near
from nightschool.drive import Budget
from nightschool.errors import BadFile, NightschoolError, UsageError
from nightschool.items import Adapter, Item, Sampling, Wording, digest
from nightschool.mind.mind import Mind
from nightschool.paths import write_durably

FORMAT = 1
_Word = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Sampling(_Table):
    max_tokens: Annotated[int, Field(ge=1)] = 64
    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Field(ge=0)] = 0
    json_schema: _Word | None = None


class _Prompt(_Table):
    name: str = "mind"
    style: Literal["words", "code", "control"] = "words"
    user: str = ""
    system: str = ""
    document: str = ""
    example: str = ""
    separator: str = "\n\n"
    prefill: str = ""
    stop: list[_Word] = []


class _Example(_Table):
    inputs: dict[str, str]
    answer: str
    key: _Word


class _Adapter(_Table):
    name: _Word
    base: _Word
    path: _Word


class _File(_Table):
    nightschool: int
    model: _Word
    identity: _Word | None = None
    task: _Word | None = None
    strategy: _Word = "single"
    critic: _Word | None = None
    step_critic: _Word | None = None
    budget: _Word | None = None
    seed: int = 0
    night: _Word | None = None
    sampling: _Sampling = _Sampling()
    prompt: _Prompt
    adapter: _Adapter | None = None
    examples: list[_Example] = []
    choices: list[_Word] = []


_TABLES: dict[str, type[_Table]] = {
    "sampling": _Sampling,
    "prompt": _Prompt,
    "adapter": _Adapter,
    "examples": _Example,
}


def read_mind(path: str | Path) -> Mind:
    """Return the mind that the file at `path` describes. An adapter's path is meant from the file's own folder.

    Raises BadFile, one line for everything that is wrong in it.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadFile(f"there is no mind at {path}; `nightschool day TASK --target 0.9` writes one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read the mind {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path} is not TOML: {error}") from error
    if table.get("nightschool", FORMAT) != FORMAT:
        raise BadFile(f"{path}: a mind of format {table['nightschool']!r}; this version reads format {FORMAT}")
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise BadFile("\n".join(f"{path}: {_problem(part)}" for part in error.errors())) from None
    if bool(file.prompt.user) == bool(file.prompt.document):
        raise BadFile(f"{path}: [prompt] has either user (a chat) or document (plain text), not both and not neither")
    try:
        mind = _mind(file, path.parent)
        mind.search()  # a strategy that there is not is said now
    except UsageError as error:
        raise BadFile(f"{path}: {error}") from error
    except NightschoolError as error:
        raise type(error)(f"{path}: {error}") from error
    return mind


def write_mind(mind: Mind, path: str | Path) -> None:
    """Write `mind` to `path`, whole or not at all; what `read_mind` gives has the same `id`. Raises BadFile."""
    path = Path(path)
    table = _table(mind, path.parent)
    text = tomli_w.dumps(table)
    if "\\r" not in text:  # strings over several lines are easier to read, and would lose a carriage return
        text = tomli_w.dumps(table, multiline_strings=True)
    try:
        write_durably(path, text)
    except OSError as error:
        raise BadFile(f"cannot write the mind to {path}: {error.strerror or error}") from error


def _mind(file: _File, folder: Path) -> Mind:
    wording = Wording(**{**file.prompt.model_dump(), "stop": tuple(file.prompt.stop)})
    examples = tuple(Item(f"example-{digest(e.inputs)[:12]}", e.inputs, e.answer, e.key) for e in file.examples)
    adapter = None
    if file.adapter is not None:
        adapter = Adapter(file.adapter.name, file.adapter.base, str((folder / file.adapter.path).resolve()))
    return Mind(
        model=file.model,
        wording=wording,
        strategy=file.strategy,
        sampling=Sampling(**file.sampling.model_dump(), stop=wording.stop),
        examples=examples,
        choices=tuple(file.choices),
        critic=file.critic,
        step_critic=file.step_critic,
        adapter=adapter,
        night=file.night,
        budget=None if file.budget is None else Budget.parse(file.budget),
        task=file.task,
        identity=file.identity,
        seed=file.seed,
    )


def _table(mind: Mind, folder: Path) -> dict[str, Any]:
    prompt = {name: value for name, value in asdict(mind.wording).items() if value}
    prompt["separator"] = mind.wording.separator
    sampling = asdict(mind.sampling)
    del sampling["stop"]
    if mind.sampling.json_schema is None:
        del sampling["json_schema"]
    table: dict[str, Any] = {
        "nightschool": FORMAT,
        "model": mind.model,
        "identity": mind.identity,
        "task": mind.task,
        "strategy": mind.search().spec,
        "critic": mind.critic,
        "step_critic": mind.step_critic,
        "budget": str(mind.budget) if mind.budget else None,
        "seed": mind.seed,
        "choices": list(mind.choices),
        "night": mind.night,
        "sampling": {**sampling, "temperature": float(mind.sampling.temperature), "top_p": float(mind.sampling.top_p)},
        "prompt": {**prompt, "stop": list(mind.wording.stop)},
        "adapter": asdict(mind.adapter) if mind.adapter else None,
        "examples": [{"inputs": dict(e.inputs), "answer": e.target, "key": e.key} for e in mind.examples],
    }
    if mind.adapter and (inside := _inside(mind.adapter.path, folder)):
        table["adapter"]["path"] = inside
    return {name: value for name, value in table.items() if value is not None and value != []}


def _inside(path: str, folder: Path) -> str | None:
    """Return `path` as seen from `folder` where it lies within, so that the two can be moved together."""
    try:
        return str(Path(path).resolve().relative_to(folder.resolve()))
    except ValueError:
        return None


def _problem(error: Any) -> str:
    where = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = sorted((_TABLES[where[0]] if len(where) > 1 and where[0] in _TABLES else _File).model_fields)
        return f"unknown key {key!r}; {near(where[-1], known)}"
    if error["type"] == "missing":
        return f"the key {key!r} is missing"
    return f"{key!r}: {error['msg'][0].lower()}{error['msg'][1:]}, not {error['input']!r}"

"""The shape of a configuration file, checked key by key. Imported only where there is such a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nightschool.config import Config, Endpoint, Price, near
from nightschool.errors import BadFile


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


_Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Price(_Table):
    prompt: _Cost = 0.0
    sampled: _Cost = 0.0


class _Endpoint(_Table):
    requests: Annotated[int, Field(ge=1)] = 8
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    retries: Annotated[int, Field(ge=0)] = 5
    draws_per_request: Annotated[int, Field(ge=1)] = 1
    # a name, so that a key pasted here is refused (and, being refused, is not repeated)
    key_variable: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]{0,63}$")] = "OPENAI_API_KEY"
    context_tokens: Annotated[int, Field(ge=0)] = 0


class _File(_Table):
    model: Annotated[str, Field(min_length=1)] = "smollm2"
    prices: dict[str, _Price] = {}
    endpoint: _Endpoint = _Endpoint()


def validated(table: Mapping[str, Any], path: Path) -> Config:
    """Return the configuration that `table`, read from `path`, describes. Raises BadFile."""
    try:
        file = _File.model_validate(table)
    except ValidationError as error:
        raise BadFile("\n".join(f"{path}: {_problem(part)}" for part in error.errors())) from None
    prices = {name: Price(price.prompt, price.sampled) for name, price in file.prices.items()}
    return Config(file.model, prices, Endpoint(**file.endpoint.model_dump()), path)


def _problem(error: Any) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        where = error["loc"][0] if len(error["loc"]) > 1 else ""
        tables: dict[str, type[_Table]] = {"prices": _Price, "endpoint": _Endpoint}
        return f"unknown key {key!r}; {near(str(error['loc'][-1]), sorted(tables.get(str(where), _File).model_fields))}"
    if error["loc"][-1] == "key_variable":
        return f"{key!r} is the name of an environment variable in capitals, such as OPENAI_API_KEY, never a key"
    return f"{key!r}: {error['msg'][0].lower()}{error['msg'][1:]}, not {error['input']!r}"

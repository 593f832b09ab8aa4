"""From a name to a plugin, through entry points, importing nothing until asked.

A specification is `name` or `name:key=value,key=value`; values are read as int, float, bool or text. Built-ins are
entry points of this package and are found in the same way as a stranger's plugin.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from nightschool.errors import BadSpec, MissingDependency, UnknownName

Kind = Literal["models", "critics", "worlds", "strategies", "rungs", "analyses"]
KINDS: tuple[Kind, ...] = ("models", "critics", "worlds", "strategies", "rungs", "analyses")
_ONE = {
    "models": "model", "critics": "critic", "worlds": "world", "strategies": "strategy", "rungs": "rung",
    "analyses": "analysis",
}  # fmt: skip

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Spec:
    """A name with parameters, as a user writes it.

    >>> Spec.parse("sorting:n=4,high=99")
    Spec(name='sorting', params={'n': 4, 'high': 99})
    >>> str(Spec.parse("vote"))
    'vote'
    """

    name: str
    params: dict[str, Value]

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Return the specification in `text`. Raises BadSpec."""
        name, _, rest = text.partition(":")
        params: dict[str, Value] = {}
        for part in rest.split(",") if rest else []:
            key, equals, value = part.partition("=")
            if not equals or not key.strip().isidentifier():
                raise BadSpec(f"cannot read {part!r} in {text!r}; write name:key=value,key=value")
            params[key.strip()] = _value(value.strip())
        if not name:
            raise BadSpec(f"no name in {text!r}; write name:key=value,key=value")
        return cls(name, params)

    def __str__(self) -> str:
        if not self.params:
            return self.name
        return self.name + ":" + ",".join(f"{k}={_text(v)}" for k, v in self.params.items())


def _value(text: str) -> Value:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _plugins(kind: Kind) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"nightschool.{kind}")}


def names(kind: Kind) -> list[str]:
    """Return the names of all installed plugins of `kind`, sorted; imports none of them."""
    return sorted(_plugins(kind))


def origin(kind: Kind, name: str) -> str:
    """Return the distribution that a plugin comes from, with its version."""
    dist = _plugins(kind)[name].dist
    return f"{dist.name} {dist.version}" if dist else ""


def load(kind: Kind, name: str) -> Any:
    """Return the factory registered as `name`. Raises UnknownName with near misses, MissingDependency."""
    entry = _plugins(kind).get(name)
    if entry is None:
        raise UnknownName(_ONE[kind], name, _plugins(kind))
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "nightschool":
            raise
        raise MissingDependency(
            f"the {_ONE[kind]} {name!r} needs {error.name}; type: pip install 'nightschool[local]'"
        ) from error


def make(kind: Kind, spec: str | Spec, **given: Any) -> Any:
    """Return the plugin that `spec` describes, built with its parameters and `given`.

    Raises UnknownName for the name, BadSpec for a parameter that its factory does not take.
    """
    spec = Spec.parse(spec) if isinstance(spec, str) else spec
    factory = load(kind, spec.name)
    parameters = inspect.signature(factory).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        for key in spec.params:
            if key not in parameters or key in given:
                takes = sorted(set(parameters) - set(given) - {"self"})
                raise BadSpec(str(UnknownName(f"parameter of {spec.name}", key, takes)))
    try:
        return factory(**spec.params, **given)
    except TypeError as error:
        if spec.params:
            raise BadSpec(f"{_ONE[kind]} {spec}: {error}") from error
        raise

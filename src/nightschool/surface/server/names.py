"""Names of minds, as clients give them in the place of a model.

smollm2                       with the weights of the night in force
smollm2@none                  with its own weights
smollm2@night-3f2a            with those of a night
smollm2+think(best_of=16)     thinking, over any of these
smollm2+think(vote=5)  +think(beam=4,expand=2)  +think(best-of-n:n=16;critic=regex:pattern=[0-9]+)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nightschool.errors import BadSpec, UnknownName
from nightschool.registry import Spec

_THINK = re.compile(r"(?P<mind>.+)\+think\((?P<how>.*)\)", re.DOTALL)
_SHORT = {"best_of": "best-of-n:n", "vote": "vote:n", "beam": "beam:width", "revise": "revise:rounds"}
_MOST = 4096  # a strategy's number beyond this asks for more memory than any answer is worth


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says. night: a name, `none`, or None for the night in force; strategy, critic: where it thinks."""

    model: str
    night: str | None = None
    strategy: str | None = None
    critic: str | None = None


def parse(name: str, served: Iterable[str]) -> Named:
    """Return what `name` says. served: the names that are served, which may hold any of the signs used here.

    Raises UnknownName with near misses, BadSpec.

    >>> parse("smollm2@night-3f+think(best_of=16)", ["smollm2"])
    Named(model='smollm2', night='3f', strategy='best-of-n:n=16', critic=None)
    """
    known = list(served)
    strategy = critic = None
    rest = name
    if name not in known and (found := _THINK.fullmatch(name)):
        rest = found["mind"]
        strategy, critic = _how(found["how"], name)
    if rest in known:
        return Named(rest, None, strategy, critic)
    for model in sorted(known, key=len, reverse=True):
        if rest.startswith(model + "@"):
            night = rest[len(model) + 1 :].removeprefix("night-")
            if not night:
                raise BadSpec(f"no night in {name!r}; write {model}@night-NAME, or {model}@none for its own weights")
            return Named(model, night, strategy, critic)
    raise UnknownName("model", rest, known, hint="GET /v1/models lists them")


def strategy_of(text: str) -> str:
    """Return the specification of a strategy, from `best-of-n:n=16` or the short `best_of=16`. Raises BadSpec.

    >>> strategy_of("beam=4,expand=2")
    'beam:width=4,expand=2'
    """
    head, equals, rest = text.strip().partition("=")
    spec = f"{_SHORT[head]}={rest}" if equals and head in _SHORT else text.strip()
    for key, value in Spec.parse(spec).params.items():
        if isinstance(value, (int, float)) and not -_MOST <= value <= _MOST:  # NaN fails too
            raise BadSpec(f"{key}={value} is more than a request may ask for; at most {_MOST}")
    return spec


def _how(text: str, name: str) -> tuple[str, str | None]:
    strategy, _, critic = text.partition(";")
    if critic and not critic.strip().startswith("critic="):
        raise BadSpec(f"cannot read {critic!r} in {name!r}; write +think(best_of=16;critic=regex:pattern=[0-9]+)")
    if not strategy.strip():
        raise BadSpec(f"how shall it think? {name!r} does not say; write +think(best_of=16) or +think(vote=5)")
    return strategy_of(strategy), critic.strip().removeprefix("critic=") or None

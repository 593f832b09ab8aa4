"""What was learned from labels, as a small file: a weight for each feature, and how well it did on labels it had not
seen."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nightschool.errors import BadFile
from nightschool.items import Score, digest
from nightschool.paths import write_durably

Floats = npt.NDArray[np.float64]
Features = Literal["text", "hidden", "judge"]
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Taught:
    """A linear judgement: log-odds = features @ weights + bias.

    features: `text` (traits by `names`), `hidden` (the state at the last token of the case in `layer` of the model
    `identity`), or `judge` (the one feature is that model's own log-odds of yes to `question`). labels: how many it
    learned from, by kind; seen: their ids; held_out: accuracy on labels of items left out of learning; usual: that of
    saying what is most often wanted.
    """

    features: Features
    weights: tuple[float, ...]
    bias: float
    names: tuple[str, ...] = ()
    layer: int = -1
    identity: str = ""
    question: str = ""
    labels: int = 0
    pairs: int = 0
    seen: tuple[str, ...] = ()
    held_out: Score | None = None
    usual: float = 0.5
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the content hash that names what was learned."""
        return digest(self.features, self.weights, self.bias, self.names, self.layer, self.identity, self.question)[:16]

    def odds(self, features: Floats) -> Floats:
        """Return the log-odds that examples[n, d] are wanted."""
        found: Floats = np.asarray(features, dtype=np.float64) @ np.asarray(self.weights) + self.bias
        return found

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all. Raises BadFile."""
        try:
            write_durably(Path(path), json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False))
        except OSError as error:
            raise BadFile(f"cannot write {path}: {error.strerror or error}; name another file") from error


def read_taught(path: str | Path) -> Taught:
    """Return what was learned. Raises BadFile for a file that is not there, or is none that `save` wrote."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise BadFile(f"{path} is of another version of nightschool; learn it anew: nightschool label --learn FILE")
        data["held_out"] = None if data["held_out"] is None else Score(**data["held_out"])
        data.update({name: tuple(data[name]) for name in ("weights", "names", "seen")})
        taught = Taught(**data)
        if taught.features == "text" and len(taught.names) != len(taught.weights):
            raise ValueError("it has another number of names than of weights")
        if not np.isfinite(np.asarray((*taught.weights, taught.bias), dtype=float)).all():
            raise ValueError("it has weights that are no numbers")
        return taught
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile(
            f"cannot read a learned critic from {path}: {error}; learn one: nightschool label A B --learn {path}"
        ) from error

"""How a model's word is to be taken: its log-odds in all contexts, pooled and calibrated on practice items.

Contexts are not independent witnesses, so their odds are not added up but weighed by logistic regression. Refs:
genest1986; platt1999.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from nightschool.critics.learning.logistic import choose_decay, fit
from nightschool.errors import BadFile, UsageError
from nightschool.paths import write_durably
from nightschool.society.beliefs.contexts import OPEN, columns


@dataclass(frozen=True, slots=True)
class Reading:
    """Calibrated log-odds = strength * (odds @ weights + bias).

    names, weights: a column of `heard` and its weight; identity: of the model it was learned on, or nothing for any.
    Raises UsageError for weights that are not one for each name, or are no numbers.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float = 0.0
    strength: float = 1.0
    identity: str = ""

    def __post_init__(self) -> None:
        numbers = (*self.weights, self.bias, self.strength)
        if len(self.weights) != len(self.names) or not all(math.isfinite(number) for number in numbers):
            raise UsageError(f"a reading has one finite weight for each of {list(self.names)}, not {self.weights}")

    def odds(self, heard: torch.Tensor) -> torch.Tensor:
        """Return [n] calibrated log-odds of `heard` [n, columns]. Raises UsageError for other columns."""
        if heard.ndim != 2 or heard.shape[1] != len(self.names):
            raise UsageError(
                f"{tuple(heard.shape)} odds are read by {len(self.names)} weights; ask in the same contexts"
            )
        return self.strength * (heard.double() @ torch.tensor(self.weights, dtype=torch.float64) + self.bias)

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all. Raises BadFile."""
        try:
            write_durably(Path(path), json.dumps({"reading": 1, **asdict(self)}))
        except OSError as error:
            raise BadFile(f"cannot write {path}: {error.strerror or error}; name another file") from error


def read_reading(path: str | Path) -> Reading:
    """Return the reading in a file that `save` wrote. Raises BadFile."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if data.pop("reading") != 1:
            raise ValueError("it is of another version")
        return Reading(**{**data, "names": tuple(data["names"]), "weights": tuple(data["weights"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadFile(f"cannot read how to take a model's word from {path}: {error}") from error


def plain_reading(names: Sequence[str]) -> Reading:
    """Return the reading that takes the mean over all contexts but the control, as nobody has looked yet."""
    spoken = [name != OPEN[1] for name in names]
    return Reading(tuple(names), tuple(one / sum(spoken) for one in spoken))


PLAIN = plain_reading(columns())


def fit_reading(
    heard: torch.Tensor,
    truths: Sequence[bool],
    folds: Sequence[int],
    names: Sequence[str] = PLAIN.names,
    identity: str = "",
) -> Reading:
    """Return the reading that best predicts `truths` of practice items from `heard` [n, columns].

    folds: of each row; what is about one item belongs to one fold, and the ridge is chosen on folds left out. Raises
    UsageError where all truths are alike, or there is one fold alone.
    """
    if len(set(truths)) < 2 or len(set(folds)) < 2 or not len(truths) == len(folds) == len(heard):
        raise UsageError(f"{len(truths)} truths of {len(set(folds))} items teach no reading; give true and false ones "
                         "of two items or more")  # fmt: skip
    features = heard.double().numpy()
    biased = [True] * len(truths)
    decay = choose_decay(features, truths, biased, folds)
    weights, bias = fit(features, truths, biased, decay)
    return Reading(tuple(names), tuple(float(weight) for weight in np.asarray(weights)), bias, identity=identity)

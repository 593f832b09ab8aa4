"""From labels to a critic, held to labels that it has not seen.

Labels of one item are never parted: a fifth of the items is left out in turn, the rest chooses how much to hold back
and learns, and those left out say how often the critic agrees with the person. What is kept learned from all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from nightschool.critics.learning.labels import Label, refuse_leaks
from nightschool.critics.learning.logistic import choose_decay, fit
from nightschool.critics.learning.taught import Taught
from nightschool.critics.learning.traits import matrix, traits, vocabulary
from nightschool.errors import UsageError
from nightschool.items import Score
from nightschool.stats import clustered_rate

Floats = npt.NDArray[np.float64]
FOLDS = 5
FEWEST, FEWEST_ITEMS = 10, 5


def answers_of(labels: Sequence[Label]) -> list[tuple[Label, str]]:
    """Return every answer that is to be looked at, in the order in which `learn` wants their features."""
    return [(label, answer) for label in labels for answer in (label.better, label.worse) if answer is not None]


def learn_text(labels: Sequence[Label]) -> Taught:
    """Return a critic of what answers look like. Raises UsageError for too few labels, Leak."""
    check(labels)
    seen = [traits(label.item(), answer) for label, answer in answers_of(labels)]
    names = vocabulary(seen)
    return learn(labels, matrix(seen, names), Taught("text", (), 0.0, names))


def learn_states(labels: Sequence[Label], states: Floats, *, identity: str, layer: int = -1) -> Taught:
    """Return a critic of hidden states[answers, d], read at the end of each case in the order of `answers_of`.

    Raises UsageError for too few labels, Leak.
    """
    shift, spread = states.mean(axis=0), states.std(axis=0)
    scale = np.where(spread > 1e-8, spread, 1.0) * np.sqrt(states.shape[1])
    found = learn(labels, (states - shift) / scale, Taught("hidden", (), 0.0, layer=layer, identity=identity))
    weights = np.asarray(found.weights) / scale
    return replace(found, weights=_plain(weights), bias=found.bias - float(weights @ shift))


def learn_judge(labels: Sequence[Label], odds: Floats, *, identity: str, question: str) -> Taught:
    """Return how a model's own log-odds[answers] of yes to `question` are to be read (Platt's two numbers).

    Ref: platt1999.
    """
    return learn(labels, odds[:, None], Taught("judge", (), 0.0, identity=identity, question=question))


def learn(labels: Sequence[Label], features: Floats, blank: Taught) -> Taught:
    """Return `blank` with what labels teach about features[answers, d]. Raises UsageError, Leak."""
    check(labels)
    rows, wanted, biased = _rows(labels, features)
    rows, back = _turned(rows)
    folds = fold_of([label.group for label in labels])
    right, best = [0.0] * len(labels), choose_decay(rows, wanted, biased, folds)
    for fold in sorted(set(folds)):
        out = [i for i, each in enumerate(folds) if each == fold]
        kept = [i for i, each in enumerate(folds) if each != fold]
        w, b, f = [wanted[i] for i in kept], [biased[i] for i in kept], [folds[i] for i in kept]
        weights, bias = fit(rows[kept], w, b, choose_decay(rows[kept], w, b, f))
        for i in out:
            right[i] = agrees(float(rows[i] @ weights) + bias * biased[i], wanted[i])
    weights, bias = fit(rows, wanted, biased, best)
    weights = back @ weights
    if not any(biased):
        bias = -float(np.median(features @ weights))  # pairs tell no zero: half of what was seen passes
    singles = [label.wanted for label in labels if label.worse is None]
    usual = (max(sum(singles), len(singles) - sum(singles)) + (len(labels) - len(singles)) / 2) / len(labels)
    return replace(
        blank,
        weights=_plain(weights),
        bias=bias,
        labels=len(singles),
        pairs=len(labels) - len(singles),
        seen=tuple(label.id for label in labels),
        held_out=_rate(labels, right),
        usual=usual,
        facts={"decay": best},
    )


def held_to(taught: Taught, labels: Sequence[Label], features: Callable[[Sequence[Label]], Floats]) -> Score | None:
    """Return how often what was learned agrees with labels that it has not seen, None where it has seen them all.

    features: of the answers of these labels, in the order of `answers_of`.
    """
    seen = set(taught.seen)
    fresh = [label for label in labels if label.id not in seen]
    if not fresh:
        return None
    odds = taught.odds(features(fresh))
    place, right = 0, []
    for label in fresh:
        own = float(odds[place])
        gap = own if label.worse is None else own - float(odds[place + 1])
        right.append(agrees(gap, label.worse is not None or label.wanted))
        place += 1 if label.worse is None else 2
    return _rate(fresh, right)


def agrees(odds: float, wanted: bool) -> float:
    """Return 1 where log-odds say what was said, 0 where they do not, and a half where they say nothing."""
    return 0.5 if odds == 0 else float((odds > 0) == wanted)


def fold_of(groups: Sequence[str], folds: int = FOLDS) -> list[int]:
    """Return the fold of each group, by its name alone as far as that fills the folds."""
    names = sorted(set(groups), key=lambda name: hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())
    place = {name: i % folds for i, name in enumerate(names)}
    return [place[name] for name in groups]


def check(labels: Sequence[Label]) -> None:
    """Raise UsageError where these labels cannot teach anything, Leak where they must not."""
    refuse_leaks(labels)
    groups = {label.group for label in labels}
    if len(labels) < FEWEST or len(groups) < FEWEST_ITEMS:
        raise UsageError(
            f"{len(labels)} labels on {len(groups)} items teach nothing; label at least {FEWEST} answers to "
            f"{FEWEST_ITEMS} items: nightschool label A B"
        )
    singles = [label.wanted for label in labels if label.worse is None]
    if len(singles) == len(labels) and len(set(singles)) < 2:
        raise UsageError(f"all {len(labels)} labels say the same; label answers that are wanted and some that are not")


def _rows(labels: Sequence[Label], features: Floats) -> tuple[Floats, list[bool], list[bool]]:
    rows, place = [], 0
    for label in labels:
        if label.worse is None:
            rows.append(features[place])
            place += 1
        else:
            rows.append(features[place] - features[place + 1])
            place += 2
    if place != len(features):
        raise ValueError(f"{len(features)} rows of features for {place} answers")
    wanted = [label.worse is not None or label.wanted for label in labels]
    return np.array(rows), wanted, [label.worse is None for label in labels]


def _turned(rows: Floats) -> tuple[Floats, Floats]:
    """Return the rows in coordinates of the space that they span, and what turns weights there back.

    Lengths stay as they are, so that all that is fitted stays what it was, at a fraction of the cost.
    """
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    return left * values, right.T


def _rate(labels: Sequence[Label], right: Sequence[float]) -> Score:
    groups: dict[str, list[float]] = {}
    for label, one in zip(labels, right, strict=True):
        groups.setdefault(label.group, []).append(one)
    return clustered_rate(list(groups.values()))


def _plain(weights: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in weights)

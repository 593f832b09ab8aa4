from __future__ import annotations

import random

import numpy as np
import pytest

from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.learn import (
    agrees,
    answers_of,
    fold_of,
    held_to,
    learn_judge,
    learn_states,
    learn_text,
)
from nightschool.critics.learning.traits import matrix, traits
from nightschool.errors import Leak, UsageError
from nightschool.items import Split, split_of

KEYS = [key for key in (f"key {i}" for i in range(400)) if split_of(key) is Split.PRACTICE]


def polite(n: int, pairs: bool, seed: int = 0) -> list[Label]:
    """Return labels of somebody who wants a `please`."""
    dice = random.Random(seed)
    words = ["open", "the", "door", "now", "window", "quickly", "again", "here"]
    labels = []
    for i in range(n):
        plain = " ".join(dice.choices(words, k=dice.randint(3, 9)))
        kind = " ".join(dice.choices(words, k=dice.randint(3, 9))) + " please"
        inputs, key = {"q": f"say {i}"}, KEYS[i]
        if pairs:
            labels.append(Label(inputs, kind, plain, key=key))
        else:
            labels.append(Label(inputs, kind if i % 2 else plain, wanted=bool(i % 2), key=key))
    return labels


@pytest.mark.parametrize("pairs", [False, True])
def test_what_somebody_wants_is_learned_from_examples(pairs: bool) -> None:
    taught = learn_text(polite(60, pairs))
    assert taught.held_out is not None
    assert taught.held_out.value > 0.9
    assert taught.held_out.low > taught.usual
    assert (taught.pairs, taught.labels) == ((60, 0) if pairs else (0, 60))
    weights = dict(zip(taught.names, taught.weights, strict=True))
    assert weights["w please"] > 0.1


def test_labels_without_a_meaning_are_seen_for_what_they_are() -> None:
    dice = random.Random(5)
    labels = [
        Label(label.inputs, label.better, wanted=dice.random() < 0.5, key=label.key) for label in polite(50, False)
    ]
    taught = learn_text(labels)
    assert taught.held_out is not None
    assert taught.held_out.low < 0.6


def test_it_is_held_to_labels_that_it_has_not_seen() -> None:
    labels = polite(60, True)
    taught = learn_text(labels[:40])

    def features(of: list[Label]) -> np.ndarray:
        return matrix([traits(label.item(), answer) for label, answer in answers_of(of)], taught.names)

    assert held_to(taught, labels[:40], features) is None
    found = held_to(taught, labels, features)
    assert found is not None
    assert found.n == 20
    assert found.value > 0.9


def test_states_are_put_back_into_their_own_units() -> None:
    labels = polite(40, False)
    dice = np.random.default_rng(0)
    states = dice.normal(size=(40, 6)) * np.array([1, 10, 100, 1, 1, 0]) + 7
    states[:, 2] += np.where([label.wanted for label in labels], 300, -300)
    taught = learn_states(labels, states, identity="m", layer=3)
    assert (taught.identity, taught.layer, len(taught.weights)) == ("m", 3, 6)
    assert ((taught.odds(states) > 0) == [label.wanted for label in labels]).mean() > 0.95
    assert taught.held_out is not None
    assert taught.held_out.value > 0.9


def test_a_judge_that_says_yes_to_all_is_read_as_it_deserves() -> None:
    labels = polite(60, False)
    dice = np.random.default_rng(1)
    odds = 5 + 0.5 * np.where([label.wanted for label in labels], 1, -1) + dice.normal(size=60) * 0.1
    taught = learn_judge(labels, odds, identity="m", question="ok?")
    assert ((taught.odds(odds[:, None]) > 0) == [label.wanted for label in labels]).mean() > 0.95


def test_folds_keep_items_together_and_do_not_depend_on_order() -> None:
    groups = [f"g{i % 12}" for i in range(60)]
    folds = dict(zip(groups, fold_of(groups), strict=True))
    assert [folds[g] for g in groups] == fold_of(groups)
    assert fold_of(groups[::-1]) == fold_of(groups)[::-1]
    assert set(folds.values()) == {0, 1, 2, 3, 4}


def test_agreement_of_nothing_is_a_half() -> None:
    assert (agrees(1.0, True), agrees(-1.0, True), agrees(0.0, False), agrees(-2.0, False)) == (1.0, 0.0, 0.5, 1.0)


def test_too_little_and_one_sided_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="teach nothing"):
        learn_text(polite(9, True))
    with pytest.raises(UsageError, match="say the same"):
        learn_text([label for label in polite(60, False) if label.wanted])


def test_an_item_of_the_exam_is_a_leak() -> None:
    key = next(f"k{i}" for i in range(99) if split_of(f"k{i}") is Split.EXAM)
    with pytest.raises(Leak):
        learn_text([*polite(20, True), Label({"q": "x"}, "a", "b", key=key)])

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember.recall.features import NAMES
from nightschool.remember.recall.fuse import fused
from nightschool.remember.recall.rank import PLAIN, Example, Ranker, fitted
from nightschool.remember.store.port import Hit

_IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(st.lists(_IDS, max_size=4))
def test_fusing_keeps_everything_and_prefers_what_is_above_everywhere(rankings: list[list[str]]) -> None:
    scores = fused([[Hit(id, 0.0) for id in ranking] for ranking in rankings])
    assert set(scores) == {id for ranking in rankings for id in ranking}
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    for a in scores:
        for b in scores:
            if all(a in r and (b not in r or r.index(a) < r.index(b)) for r in rankings) and a != b:
                assert scores[a] > scores[b]


def examples(count: int, wanted_by: str, seed: int = 0) -> list[Example]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        rows = rng.normal(size=(12, len(NAMES))).astype(np.float32)
        made.append(Example(rows, [int(np.argmax(rows[:, NAMES.index(wanted_by)]))]))
    return made


def test_what_helped_is_learned() -> None:
    ranker = fitted(examples(60, "tag"), prior=PLAIN, steps=200)
    assert ranker.weights["tag"] > 2 * PLAIN.weights["tag"]
    held_out = examples(50, "tag", seed=1)
    right = [int(np.argmax(ranker.scores(each.features))) == each.wanted[0] for each in held_out]
    assert np.mean(right) > 0.8


def test_the_same_examples_give_the_same_ranker_and_none_the_prior() -> None:
    some = examples(5, "tag")
    assert fitted(some, prior=PLAIN, steps=20) == fitted(some, prior=PLAIN, steps=20)
    assert fitted([], prior=PLAIN) is PLAIN
    assert fitted([Example(np.zeros((3, len(NAMES)), np.float32), [])], prior=PLAIN) is PLAIN


def test_few_examples_move_little_where_the_prior_pulls() -> None:
    near = fitted(examples(5, "tag"), prior=PLAIN, pull=1000.0, steps=100)
    assert abs(near.weights["tag"] - PLAIN.weights["tag"]) < 0.2


def test_a_feature_without_weight_weighs_nothing() -> None:
    rows = np.ones((2, len(NAMES)), np.float32)
    assert Ranker({}).scores(rows).tolist() == [0.0, 0.0]

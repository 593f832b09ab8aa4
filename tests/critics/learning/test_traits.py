from __future__ import annotations

import numpy as np

from nightschool.critics.learning.traits import matrix, traits, vocabulary
from nightschool.items import Item

ITEM = Item("i", {"q": "Where is the cat?"}, None, "k")


def test_traits_have_names_and_grams_have_length_one() -> None:
    found = traits(ITEM, "The cat sat. The cat!")
    assert found["w the cat"] > found["w sat"]
    assert {"c cat", "c !", "letters", "words"} <= found.keys()
    grams = np.array([value for name, value in found.items() if name[:2] in ("c ", "w ")])
    assert np.isclose((grams**2).sum(), 1.0)
    assert found["from the question"] == 2 / 5  # of the, cat, sat, . and !
    assert found["of the question"] == 2 / 5  # where, is, the, cat and ?


def test_anything_a_model_could_write_has_traits() -> None:
    for answer in ("", "\x00\ud800", "x" * 1_000_000):
        assert all(np.isfinite(value) for value in traits(ITEM, answer).values())


def test_the_vocabulary_is_what_recurs_and_the_matrix_follows_it() -> None:
    seen = [{"a": 1.0, "b": 2.0}, {"a": 3.0}, {"c": 1.0, "b": 1.0}]
    assert vocabulary(seen) == ("a", "b")
    assert vocabulary(seen, most=1) == ("a",)
    assert matrix(seen, ("b", "a")).tolist() == [[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]]

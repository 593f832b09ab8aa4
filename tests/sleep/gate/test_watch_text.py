from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.sleep.gate.watch_text import chunks, prose, python_docs


def words(text: str) -> int:
    return len(text.split())


def test_the_prose_is_varied_and_plain():
    passages = prose()
    assert len(passages) == len(set(passages)) >= 20
    assert all(30 < words(passage) < 120 for passage in passages)


def test_python_itself_brings_enough_text_for_a_loss_that_counts():
    paragraphs = python_docs()
    assert len(set(paragraphs)) == len(paragraphs)
    assert sum(map(len, paragraphs)) > 200_000  # a token of English is about four and a half letters
    assert not any("\n" in paragraph for paragraph in paragraphs)


def test_its_order_is_not_that_of_the_alphabet():
    paragraphs = python_docs()
    assert list(paragraphs) != sorted(paragraphs)


@given(st.lists(st.text("ab ", min_size=1).filter(str.strip), max_size=30), st.integers(3, 20), st.integers(1, 60))
def test_chunks_hold_the_words_in_order_and_no_more_than_they_may(paragraphs, size, tokens):
    made = chunks(paragraphs, words, tokens, size)
    everything = " ".join(paragraphs).split()
    held = " ".join(made).split()
    assert held == everything[: len(held)]
    assert all(words(chunk) <= size for chunk in made)
    assert held == everything or len(held) + 2 * len(everything) >= tokens
    longer = chunks(paragraphs, words, tokens + 10, size)
    assert longer[: len(made)] == made or held == everything


def test_a_spread_of_paragraphs_fills_about_what_was_asked():
    made = chunks(python_docs(), words, 5_000, 200)
    assert 4_500 < sum(map(words, made)) < 5_300
    assert max(map(words, made)) <= 200


def test_a_word_is_never_cut():
    assert chunks(["a" * 50], len, 10, 20) == ["a" * 50]
    assert chunks([], len, 10) == []


@pytest.mark.parametrize("tokens", [10, 1_000])
def test_all_of_the_text_where_there_is_less(tokens):
    assert " ".join(chunks(["one two three"], words, tokens)) == "one two three"

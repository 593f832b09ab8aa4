from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.errors import NotANumber, UsageError
from nightschool.train.scratch import (
    END,
    Schooling,
    Size,
    byte_tokenizer,
    grown,
    newborn,
    teach,
    text_example,
    word_tokenizer,
)

SIZE = Size(16, 1, 2, 32)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
@settings(max_examples=40)
def test_a_byte_is_an_id_and_comes_back(text):
    tokenizer = byte_tokenizer()
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert len(ids) == len(text.encode())
    assert tokenizer.decode(ids) == text


def test_an_example_learns_the_answer_and_its_end():
    example = text_example(byte_tokenizer(), "1+1=", "2")
    assert example.start == 4
    assert example.tokens[-1] == END
    assert len(example.tokens) == 6


def test_it_learns_what_it_is_taught_and_the_same_seed_learns_the_same():
    tokenizer = word_tokenizer(["a", "b", "c", "d"])
    pairs = [text_example(tokenizer, first, second) for first, second in ("ab", "bc", "cd", "da")]
    found = []
    for _ in range(2):
        module = newborn(SIZE, tokenizer, seed=5)
        losses = teach(module, lambda step: pairs, Schooling(steps=40))
        found.append((losses[-1], module.lm_head.weight.detach().clone()))
    assert found[0][0] < 0.1
    assert torch.equal(found[0][1], found[1][1])


def test_what_was_taught_answers_through_the_engine():
    model = grown(newborn(SIZE, byte_tokenizer()), byte_tokenizer(), "small", Schooling(steps=1), "nothing")
    assert model.context_tokens == 32
    assert END in model.end_ids
    assert "chat" not in model.abilities


def test_steps_without_lessons_and_losses_that_are_no_numbers_are_refused():
    module = newborn(SIZE, byte_tokenizer())
    with pytest.raises(UsageError, match="step 0 has no lessons"):
        teach(module, lambda step: [], Schooling(steps=1))
    module.lm_head.weight.data.fill_(float("nan"))
    with pytest.raises(NotANumber, match="step 0"):
        teach(module, lambda step: [text_example(byte_tokenizer(), "a", "b")], Schooling(steps=1))
    with pytest.raises(UsageError, match="multiple"):
        Size(hidden=30)

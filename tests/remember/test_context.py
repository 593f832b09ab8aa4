from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import PromptTooLong
from nightschool.remember.context import Turn, assemble
from support.memories import told


def count(text: str) -> int:
    return len(text.split())


def conversation(turns: int, words: int = 10) -> list[Turn]:
    return [Turn("assistant" if i % 2 else "user", f"t{i} " + "w " * words, f"m{i}") for i in range(2 * turns + 1)]


def test_all_of_it_is_shown_where_it_fits() -> None:
    context = assemble(conversation(3), budget_tokens=1000, count=count, system="be kind", card="I am x")
    assert context.left == ()
    assert [message.role for message in context.messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert context.messages[0].content == "be kind\n\nI am x"


@given(st.integers(0, 8), st.integers(0, 12), st.integers(60, 400), st.integers(0, 5))
def test_what_does_not_fit_is_handed_back_and_counted(turns: int, words: int, budget: int, memories: int) -> None:
    recalled = [told(f"memory {i} of something", i) for i in range(memories)]
    whole = conversation(turns, words)
    context = assemble(whole, budget_tokens=budget, count=count, system="be kind", recalled=recalled, gone=3)
    assert context.tokens <= budget
    shown = [message for message in context.messages if message.role != "system"]
    assert len(shown) + len(context.left) == len(whole)
    assert context.left == tuple(whole[: len(context.left)])
    assert shown[0].role == "user"
    assert len(context.shown) + context.unshown == memories
    assert f"[{3 + len(context.left)} earlier turns" in context.messages[0].content


def test_the_best_memories_come_first_and_take_a_third_at_most() -> None:
    recalled = [told("x " * 10 + str(i), i) for i in range(50)]
    context = assemble(conversation(0), budget_tokens=200, count=count, recalled=recalled)
    assert context.shown == tuple(recalled[: len(context.shown)])
    assert 0 < len(context.shown) < 10


def test_what_must_stay_and_does_not_fit_is_an_error_with_both_lengths() -> None:
    with pytest.raises(PromptTooLong, match=r"have \d+ tokens, and 50 fit"):
        assemble([Turn("user", "w " * 100)], budget_tokens=50, count=count)

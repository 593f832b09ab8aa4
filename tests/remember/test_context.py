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
    assert [message.role for message in shown] == ["user", "assistant"] * (len(shown) // 2) + ["user"]
    said = [message.content for message in shown[:-1]]
    assert [turn.content for turn in whole[:-1] if turn not in context.left] == said
    assert len(context.shown) + context.unshown == memories
    assert f"[{3 + len(context.left)} earlier turns" in context.messages[0].content


def test_what_is_needed_least_leaves_and_several_turns_at_once() -> None:
    turns = conversation(10)
    turns[4] = Turn("user", "my bicycle is green and fast " + "w " * 6, "m4")
    turns[-1] = Turn("user", "which colour has my bicycle?")
    context = assemble(turns, budget_tokens=300, count=count, gone=2)
    assert turns[4] not in context.left
    assert turns[5] not in context.left  # its answer stays with it
    assert turns[-2] not in context.left
    assert {turns[0], turns[6]} <= set(context.left)
    again = [turn for turn in turns if turn not in context.left]
    assert assemble(again, budget_tokens=300, count=count, gone=2).left == ()
    assert context.tokens < 0.75 * 300


def test_summaries_of_what_left_are_quoted_the_latest_ones_first_in_need() -> None:
    gist = [told(f"summary {i} " + "g " * 8, i, source="summary", who="") for i in range(9)]
    context = assemble(conversation(0), budget_tokens=400, count=count, gist=gist)
    said = context.messages[-1].content
    assert "> summary 8" in said
    assert "> summary 0" not in said
    assert said.index("summary 7") < said.index("summary 8")


def test_the_best_memories_come_first_and_take_a_third_at_most() -> None:
    recalled = [told("x " * 10 + str(i), i) for i in range(50)]
    context = assemble(conversation(0), budget_tokens=200, count=count, recalled=recalled)
    assert context.shown == tuple(recalled[: len(context.shown)])
    assert 0 < len(context.shown) < 10


def test_what_must_stay_and_does_not_fit_is_an_error_with_both_lengths() -> None:
    with pytest.raises(PromptTooLong, match=r"have \d+ tokens, and 50 fit"):
        assemble([Turn("user", "w " * 100)], budget_tokens=50, count=count)

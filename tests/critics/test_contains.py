from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.contains import Contains, stands_in
from nightschool.critics.judging import judge
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

ITEM = Item("i", {}, "New York", "k")


def test_whole_words_in_any_case() -> None:
    assert judge(Contains("art"), ITEM, "Modern ART!").passed
    assert judge(Contains("art"), ITEM, "a party") == Verdict(0.0, False, 'Missing: "art".')
    assert judge(Contains("art", words=False), ITEM, "a party").passed
    assert not judge(Contains("Art", case=True), ITEM, "art").passed
    assert judge(Contains("$5"), ITEM, "it costs $5.").passed
    assert judge(Contains("art"), ITEM, "party art").passed


def test_without_a_text_the_target_must_be_there() -> None:
    assert Contains("x").sight is Sight.VERIFIER
    assert Contains().sight is Sight.REFERENCE
    assert judge(Contains(), ITEM, "It is new\n york.").passed
    assert judge(Contains(), ITEM, "It is York.").feedback == "What is wanted is not in it."


def test_nothing_to_look_for_is_the_critics_failure() -> None:
    with pytest.raises(ValueError, match="no text to look for"):
        Contains(" ").judge(ITEM, "x")


@given(st.text(min_size=1), st.text(), st.text())
def test_what_was_put_in_stands_in_it(wanted: str, before: str, after: str) -> None:
    assert stands_in(wanted, before + wanted + after, words=False)
    assert stands_in(wanted, f"{before} {wanted} {after}")

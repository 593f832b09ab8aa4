from __future__ import annotations

from nightschool.critics.texts.case import LONGEST, case_prefix, case_text
from nightschool.items import Item


def test_one_input_stands_alone_and_several_have_names() -> None:
    assert case_text(Item("i", {"q": " Why? "}, "secret", "k"), " So. ") == "Question:\nWhy?\n\nAnswer:\nSo.\n"
    assert "a: 1\nb: 2" in case_text(Item("i", {"a": "1", "b": "2"}, None, "k"), "x")


def test_what_is_left_out_of_a_long_answer_is_said() -> None:
    text = case_text(Item("i", {"q": "?"}, None, "k"), "x" * (LONGEST + 7))
    assert "[7 characters left out]" in text


def test_any_text_can_be_tokenised() -> None:
    prefix = case_prefix(Item("i", {"q": "?"}, None, "k"), "\ud800", " behind")
    str(prefix.prompt).encode("utf-8")
    assert str(prefix.prompt).endswith(" behind")

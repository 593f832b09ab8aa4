from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.texts.legible import legible, listed, quote


@given(st.text(st.characters(blacklist_categories=())), st.integers(1, 50))
def test_the_result_can_be_printed_and_says_what_is_left_out(text: str, limit: int) -> None:
    shown = legible(text, limit)
    shown.encode()
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert ("more characters)" in shown) or len(text) <= limit or "more characters" in text
    assert "\n" not in quote(text, limit)


def test_printable_text_stays_as_it_is() -> None:
    assert legible("a é 漢 \n b") == "a é 漢 \n b"
    assert legible("abcdef", 4) == "abcd ... (2 more characters)"
    assert quote("a\nb") == '"a\\nb"'
    assert legible("\x1b\x00\u202e") == "\\x1b\\x00\\u202e"


def test_a_long_list_is_counted() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg"), 5) == "a, b, c, d, e and 2 more"

from hypothesis import given
from hypothesis import strategies as st

from nightschool.models.local.words import Words, render

TEXT = st.text(st.sampled_from("ab\né😀, "), max_size=30)


def decode(ids: list[int]) -> str:
    """Tokens are bytes; those above 255 are pieces of text."""
    return b"".join(bytes([i]) if i < 256 else PIECES[i].encode() for i in ids).decode(errors="replace")


PIECES = {256: "a\n", 257: "b, a", 258: "\n\n", 259: ""}


@given(TEXT, st.lists(st.sampled_from(["\n", "ab", "é,", "😀", "\n\n", "b, a"]), max_size=3))
def test_text_ends_where_the_first_stop_string_begins(text: str, stops: list[str]) -> None:
    words = Words(decode, [65, 66], stops)
    shown = ""
    for token in text.encode():
        words.add(token)
        shown += words.news()
        if words.stopped_by:
            break
    words.finish()
    found = [text.index(stop) for stop in stops if stop in text]
    # tokens are bytes here, so the first stop string to be complete is the one that ends the text
    complete = min((text.index(stop) + len(stop) for stop in stops if stop in text), default=None)
    if complete is None:
        assert words.text == text
        assert words.tokens == list(text.encode())
    else:
        assert text[:complete].startswith(words.text)
        assert words.text + words.stopped_by == text[:complete]
        assert len(words.text) >= min(found)
        assert decode(words.tokens) == words.text
    assert shown + words.rest() == words.text


def test_a_token_that_straddles_a_stop_string_is_dropped_and_its_beginning_kept_as_text() -> None:
    words = Words(decode, [], ["\n"])
    for token in (98, 256):
        words.add(token)
    assert words.text == "ba"
    assert words.tokens == [98]
    assert words.stopped_by == "\n"


def test_a_character_cut_by_the_end_is_shown_broken_and_its_tokens_kept() -> None:
    words = Words(decode, [], [])
    for token in "é😀".encode()[:4]:
        words.add(token)
    assert words.news() == "é"
    words.finish()
    assert words.rest() == "\N{REPLACEMENT CHARACTER}"
    assert words.tokens == list("é😀".encode()[:4])


def test_what_may_become_a_stop_string_is_held_back() -> None:
    words = Words(decode, [], ["\n\n", "a, b"])
    seen = []
    for token in b"xa, \n":
        words.add(token)
        seen.append(words.news())
    assert seen == ["x", "", "", "", "a, "]
    assert words.rest() == "\n"


def test_tokens_without_text_belong_to_the_draw() -> None:
    words = Words(decode, [], ["b"])
    for token in (97, 259, 98):
        words.add(token)
    assert words.tokens == [97, 259]


def test_render_is_what_words_read() -> None:
    tokens = [257, 97, *"é".encode()]
    words = Words(decode, [65], [])
    for token in tokens:
        words.add(token)
    assert render(decode, [65], tokens) == words.text == "b, aaé"

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember.tags import tags_of


@given(st.text())
def test_tags_are_few_and_of_the_text(text: str) -> None:
    tags = tags_of(text)
    assert len(tags) <= 5
    assert len(set(tags)) == len(tags)
    for tag in tags:
        assert tag == tag.lower()
        assert 1 <= len(tag.split()) <= 3


def test_names_and_longer_phrases_come_first() -> None:
    assert tags_of("We met Mira Holm near the old market square.")[0] == "met mira holm"
    assert tags_of("Thanks, you too! Sure.") == ()

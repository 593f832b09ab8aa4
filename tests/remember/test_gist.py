from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember import gist, topics
from support.memories import told

TURNS = [
    told("I moved to Bergen last spring because of the sheep farm.", 0, who=""),
    told("Nora is sick since Tuesday. The vet comes on Friday at nine.", 2, who=""),
]


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("The user moved to Bergen for a sheep farm.", True),
        ("Nora is sick and the vet is coming on Friday.", True),
        ("Nora is sick and the vet is coming on Monday.", False),  # a name that was not said
        ("The vet comes at 9.", False),  # nor was that number, in so many signs
        ("The user had a bad day and made a bad meal.", False),
        ("The user moved to Bergen for a sheep", False),  # cut off
        ("It is.", False),
    ],
)
def test_what_the_turns_do_not_bear_out_is_not_believed(sentence: str, kept: bool) -> None:
    assert bool(gist.believed(sentence, TURNS)) == kept


@given(st.text(max_size=200))
def test_any_answer_can_be_read(text: str) -> None:
    assert all(sentence in text for sentence in gist.believed(text, TURNS))
    tags = topics.read(text, "the sheep farm of Bergen")
    assert len(tags) == len(set(tags)) <= 9
    assert {"sheep farm", "bergen"} <= set(tags)


def test_what_is_asked_ends_where_the_model_goes_on() -> None:
    prompt = gist.asked(TURNS, chat=False)
    assert prompt.text is not None
    assert prompt.text.endswith("User: Nora is sick since Tuesday. The vet comes on Friday at nine.\nSummary:")
    assert topics.asked("a\nb", chat=True).messages[0].content.endswith("Text: a b\nTopics:")
    assert topics.worth_asking("The sheep farm burned.")
    assert not topics.worth_asking("ok, thanks")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.items import Draw, Thought
from nightschool.registry import make
from nightschool.think.vote import Vote, normal_form
from support.thinking import draw, replies, run, task


def winner(draws: list[Draw], **params: str) -> Thought | None:
    search = Vote(n=len(draws), **params)
    return search.best(run(search, task(), replies(lambda ask: draws, lambda ask: None)))


def said(draws: list[Draw], **params: str) -> str | None:
    best = winner(draws, **params)
    return best and best.answer


def test_the_majority_wins_whatever_its_spelling() -> None:
    draws = [draw("7"), draw("The  answer."), draw("the answer"), draw(" the Answer ")]
    best = winner(draws)
    assert best is not None
    assert (best.id, best.value) == (1, 0.75)


def test_ties_go_to_the_likelier_then_to_the_earlier() -> None:
    assert said([draw("a", -3), draw("b", -1), draw("a", -3), draw("b", -1)]) == "b"
    assert said([draw("b", -2), draw("a", -1), draw("a", -3), draw("b", -2)]) == "b"
    assert said([draw("a", None), draw("b", None)]) == "a"


def test_the_cut_the_failed_and_the_empty_have_no_vote() -> None:
    draws = [draw("ab", finish="cancelled")] * 3 + [draw("x", finish="error")] * 3 + [draw("")] * 3 + [draw("c")]
    assert said(draws) == "c"


def test_the_cut_vote_when_there_is_nobody_else() -> None:
    assert said([draw("ab", finish="cancelled"), draw("x", finish="error")]) == "ab"
    assert winner([draw("x", finish="error")]) is None


def test_what_follows_the_marker_votes() -> None:
    draws = [draw("so Answer: 3"), draw("first, Answer: 4"), draw("then ANSWER: 5, Answer: 4."), draw("3"), draw("3")]
    assert said(draws, after="Answer:") == "first, Answer: 4"
    assert said([draw("3"), draw("4"), draw("4")], after="Answer:") == "4"


@given(st.text(max_size=20))
def test_the_normal_form_is_its_own(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)


@pytest.mark.parametrize("search", [Vote(n=3), Vote(n=3, after="####")])
def test_the_spec_makes_it_again(search: Vote) -> None:
    assert make("strategies", search.spec) == search

from __future__ import annotations

import pytest

from nightschool.critics.chess_legal import ChessLegal
from nightschool.items import Item

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
MATE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"


def item(fen: str = START) -> Item:
    return Item("i", {"fen": fen}, None, "k")


@pytest.mark.parametrize("answer", ["e4", "Nf3", "g1f3", " 1. e4 ", "1.e4", "e2e4"])
def test_legal_moves_pass_in_either_notation(answer: str) -> None:
    assert ChessLegal().judge(item(), answer).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "one move"),
        ("e4 e5", "one move"),
        ("e5", "not legal"),
        ("Ke2", "not legal"),
        ("e2e5", "not legal"),
        ("hello", "no move"),
        ("0000", "no move"),
        ("--", "no move"),
        ("\x00", "no move"),
        ("9" * 100_000, "no move"),
    ],
)
def test_all_else_does_not_and_says_why(answer: str, said: str) -> None:
    verdict = ChessLegal().judge(item(), answer)
    assert not verdict.passed
    assert said in verdict.feedback


def test_an_ambiguous_move_is_none() -> None:
    verdict = ChessLegal().judge(item("4k3/8/8/8/8/8/8/R3K2R w - - 0 1"), "Rf1")
    assert verdict.passed
    verdict = ChessLegal().judge(item("4k3/8/8/8/8/4K3/8/R6R w - - 0 1"), "Rd1")
    assert "several moves" in verdict.feedback


@pytest.mark.parametrize(
    ("answer", "score", "passed"),
    [("Ra8", 1.0, True), ("Ra8#", 1.0, True), ("Ra7", 0.5, False), ("Kf2", 0.5, False), ("Rb8", 0.0, False)],
)
def test_mates(answer: str, score: float, passed: bool) -> None:
    verdict = ChessLegal(mate=True).judge(item(MATE), answer)
    assert (verdict.score, verdict.passed) == (score, passed)


def test_an_item_without_a_position_is_an_error() -> None:
    with pytest.raises(LookupError, match="no input 'fen'"):
        ChessLegal().judge(Item("i", {"x": ""}, None, "k"), "e4")
    with pytest.raises(ValueError, match="expected"):
        ChessLegal().judge(item("no position"), "e4")

from __future__ import annotations

import chess
import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split
from nightschool.worlds.chess import Chess


def test_positions_come_from_legal_play_and_the_truth_is_legal() -> None:
    for item in Chess(plies=10).items(Split.PRACTICE, 30):
        board = chess.Board()
        for word in item.inputs["moves"].split():
            if not word.rstrip(".").isdigit():
                board.push_san(word)
        assert board.fen(en_passant="fen") == item.inputs["fen"]
        assert board.is_legal(board.parse_san(item.target or ""))


def test_no_position_is_in_two_splits() -> None:
    keys = [{item.key for item in Chess(plies=3).items(split, 25)} for split in Split]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]


def test_mates_mate() -> None:
    world = Chess("mate")
    assert world.verifier is not None
    for split in Split:
        for item in world.items(split, 3):
            assert world.verifier.judge(item.blind(), item.target or "").passed
            assert not world.verifier.judge(item.blind(), "Ka1+").passed
            board = chess.Board(item.inputs["fen"])
            assert board.is_legal(board.parse_san(world.babble(item, Noise((1,)))))


def test_random_moves_are_seldom_legal() -> None:
    world = Chess()
    items = world.items(Split.PRACTICE, 60)
    legal = sum(world.reference.judge(item, world.babble(item, Noise((item.id,)))).passed for item in items)
    assert legal < 20


def test_levels_are_longer_and_longer_openings() -> None:
    assert [level.plies for level in Chess(plies=16).levels()] == [4, 8, 16]
    assert len(Chess("mate").levels()) == 1


@pytest.mark.parametrize(
    "given",
    [{"ask": "win"}, {"plies": 0}, {"plies": True}, {"ask": "line", "n": 0}, {"ask": "line", "teacher": "stockfish"}],
)
def test_parameters_that_make_no_sense_are_refused(given: dict) -> None:
    with pytest.raises(BadSpec, match="chess"):
        Chess(**given)


def test_a_line_is_legal_move_by_move_and_its_boards_are_those_that_come_of_it() -> None:
    for world in (Chess("line", plies=6, n=5), Chess("line", plies=6, n=5, shown=True)):
        for item in world.items(Split.EXAM, 8):
            assert world.reference.judge(item, item.target or "").passed
            assert world.marks(item, item.target or "") == (True,) * 5
    bare, drawn = (Chess("line", plies=6, n=5, shown=shown).items(Split.EXAM, 4) for shown in (False, True))
    assert [item.key for item in bare] == [item.key for item in drawn]


START = Item(chess.STARTING_FEN, {"fen": chess.STARTING_FEN}, "1. e4 e5 2. Nf3 Nc6", "key")


@pytest.mark.parametrize(
    ("answer", "marks"),
    [
        ("1. e4 e5 2. Nf3 Nc6", (True, True, True, True)),
        ("e4 e5 Nf3 Nc6 Bb5", (True, True, True, True)),  # what is more than was asked for is not marked
        ("1. e4 e4 2. Nf3 Nc6", (True, False, True, True)),  # left out, and White is to move again
        ("1. e5 e5 2. e4", (False, True, True)),
        ("1. e4 {board} e5", (True, True)),
        ("I would play chess", (False, False, False, False)),
        ("", ()),
    ],
)
def test_a_move_is_marked_by_whether_it_is_legal_where_it_stands(answer: str, marks: tuple[bool, ...]) -> None:
    assert Chess("line", n=4).marks(START, answer) == marks


def test_boards_that_are_wanted_must_be_there_and_right() -> None:
    e4, e5 = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR", "rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR"
    critic = Chess("line", n=2, shown=True).reference
    assert critic.judge(START, f"1. e4 {{{e4}}} e5 {{{e5}}}").passed
    assert "Move 2" in critic.judge(START, f"1. e4 {{{e4}}} e5 {{{e4}}}").feedback
    assert "Move 1" in critic.judge(START, "1. e4 e5").feedback
    assert not critic.judge(START, f"1. e4 {{{e4}}}").passed


@pytest.mark.parametrize(
    ("answer", "alive"),
    [
        ("", True), ("1", True), ("1. ", True), ("1. N", True), ("1. Nf", True), ("1. Ne", False), ("1. e4 e", True),
        ("1. e4 e4 ", False), ("1. e4 {rnbqkbnr/pppp", True), ("1. e4 {8/8", False), ("1. e4 e5 2. Nf3 Nc6", True),
        ("1. e4 e5 2. Nf3 Nc6 3. B", False), ("1. e4 {8/8} e5", False),
    ],
)  # fmt: skip
def test_a_beginning_lives_while_it_can_become_a_line(answer: str, alive: bool) -> None:
    world = Chess("line", n=4)
    assert world.step_critic is not None
    assert world.step_critic.judge(START, answer).passed is alive


def test_every_beginning_of_the_truth_can_become_right() -> None:
    for shown in (False, True):
        world = Chess("line", plies=5, n=3, shown=shown)
        assert world.step_critic is not None
        for item in world.items(Split.PRACTICE, 3):
            for end in range(len(item.target or "")):
                assert world.step_critic.judge(item, (item.target or "")[:end]).passed, (item.target or "")[:end]

from __future__ import annotations

import chess
import pytest

from nightschool.errors import BadSpec
from nightschool.items import Noise, Split
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


@pytest.mark.parametrize("given", [{"ask": "win"}, {"plies": 0}, {"plies": True}])
def test_parameters_that_make_no_sense_are_refused(given: dict) -> None:
    with pytest.raises(BadSpec, match="chess"):
        Chess(**given)

"""Is the answer a legal move (and, if asked for, mate)? By the rules of chess alone."""

from __future__ import annotations

import re

from nightschool.critics.compose import Combines
from nightschool.critics.texts.legible import legible
from nightschool.errors import MissingDependency
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

try:
    import chess
except ImportError as error:
    raise MissingDependency("chess needs python-chess; type: pip install 'nightschool[chess]'") from error

_NUMBER = re.compile(r"^\d+\s*\.+\s*")
_UCI = re.compile(r"[a-h][1-8][a-h][1-8][qrbn]?", re.ASCII)


class ChessLegal(Combines):
    """Passed when the answer is a legal move in the item's position, in SAN or UCI notation; a move number may stand
    in front.

    source: the input that has the position as FEN; mate: whether the move must end the game by mate. With mate a legal
    move that does not has half the score, and a check a little more.
    """

    name = "chess-legal"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, source: str = "fen", mate: bool = False) -> None:
        self.source, self.mate = source, mate

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict. Raises LookupError or ValueError for an item without a position."""
        board = board_of(item, self.source)
        text = without_number(answer)
        if not text or len(text.split()) != 1:
            return Verdict.of(False, "Write one move and nothing else, such as Nf3 or g1f3.")
        move, why = read_move(board, text)
        if move is None:
            return Verdict.of(False, why)
        if not self.mate:
            return Verdict.of(True)
        board.push(move)
        if board.is_checkmate():
            return Verdict.of(True)
        check = board.is_check()
        return Verdict(
            0.6 if check else 0.5, False, f"{legible(text, 12)} is legal and no {'mate' if check else 'check'}."
        )


def board_of(item: Item, source: str = "fen") -> chess.Board:
    """Return the position of an item. Raises LookupError where it has none, ValueError for what is no position."""
    if source not in item.inputs:
        raise LookupError(f"the item has no input {source!r} with a position; there are: {', '.join(item.inputs)}")
    return chess.Board(item.inputs[source])


def without_number(answer: str) -> str:
    """Return the answer without the move number that may stand in front of a move: `1. e4` is e4."""
    return _NUMBER.sub("", answer.strip())


def read_move(board: chess.Board, text: str) -> tuple[chess.Move | None, str]:
    """Return the legal move that `text` means, or None and why it is none."""
    shown = legible(text, 12)
    try:
        move = board.parse_uci(text) if _UCI.fullmatch(text) else board.parse_san(text)
        return (move, "") if move else (None, f"{shown} is no move; write it like Nf3 or g1f3.")  # `--` passes
    except chess.AmbiguousMoveError:
        return None, f"{shown} could be several moves; name the square that it starts from."
    except chess.IllegalMoveError:
        return None, f"{shown} is not legal here."
    except ValueError:
        return None, f"{shown} is no move; write it like Nf3 or g1f3."

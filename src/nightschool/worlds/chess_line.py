"""Lines of chess: a game is played on for several moves, and every move has to be legal in what the others made of it.

With `boards` the position is written behind every move, as a comment of PGN: `2. Nf3 {rnbqkbnr/...} Nc6 {...}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightschool.errors import MissingDependency
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

try:
    import chess
except ImportError as error:
    raise MissingDependency("chess needs python-chess; type: pip install 'nightschool[chess]'") from error

_PARTS = re.compile(r"\{([^}]*)\}|(\S+)")
_NUMBER = re.compile(r"^\d+\.*")
_UCI = re.compile(r"[a-h][1-8][a-h][1-8][qrbn]?", re.ASCII)
_OPEN = re.compile(r"\{[^}]*$")


def read_line(answer: str) -> list[tuple[str, str | None]]:
    """Return the moves of an answer as they are written, each with the board behind it, where there is one.

    >>> read_line("2. Nf3 {rnbq/8} Nc6 3.Bb5")
    [('Nf3', 'rnbq/8'), ('Nc6', None), ('Bb5', None)]
    """
    moves: list[tuple[str, str | None]] = []
    for board, word in _PARTS.findall(answer):
        if word:
            if move := _NUMBER.sub("", word):
                moves.append((move, None))
        elif moves:
            moves[-1] = (moves[-1][0], board.strip())
    return moves


def followed(item: Item, answer: str) -> Iterator[tuple[bool, bool | None, chess.Board]]:
    """Yield for each move of `answer` whether it is legal, whether its board is right (None: none), and the position.

    A move that is not legal is left out, and the turn passes to the other side.
    """
    board = chess.Board(item.inputs["fen"])
    for text, shown in read_line(answer):
        move = _move(board, text)
        if move is None:
            board.turn, board.ep_square = not board.turn, None
        else:
            board.push(move)
        yield move is not None, None if shown is None else shown == board.board_fen(), board


def _move(board: chess.Board, text: str) -> chess.Move | None:
    """Return the legal move that `text` means, in SAN or UCI notation, or None."""
    try:
        return (board.parse_uci(text) if _UCI.fullmatch(text) else board.parse_san(text)) or None  # `--` passes
    except ValueError:
        return None


def written(board: chess.Board, moves: list[chess.Move], boards: bool) -> str:
    """Return `moves` played on from `board`, as PGN has them."""
    board, parts = board.copy(), []
    for place, move in enumerate(moves):
        if board.turn or place == 0:
            parts.append(f"{board.fullmove_number}{'.' if board.turn else '...'}")
        parts.append(board.san_and_push(move))
        if boards:
            parts.append(f"{{{board.board_fen()}}}")
    return " ".join(parts)


class Line:
    """The verifier of lines of `n` moves. score: the share of moves before the first that is not legal, or whose board
    is missing or wrong where boards are wanted.
    """

    name = "chess-line"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, n: int, boards: bool) -> None:
        self.n, self.boards = n, boards

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict, with the first move that is wrong as feedback."""
        good = 0
        for legal, drawn, _ in followed(item, answer):
            if not legal or (self.boards and not drawn):
                why = "is not legal" if not legal else "has no board behind it, or not the right one"
                return Verdict(min(good, self.n) / (self.n + 1), False, f"Move {good + 1} {why}.")
            good += 1
        if good != self.n:
            return Verdict(min(good, self.n) / (self.n + 1), False, f"Write {self.n} moves, not {good}.")
        return Verdict.of(True)


class LineSoFar:
    """The step critic of lines: passed while every move is legal and the last, which may be unfinished, can become so.

    score: (legal moves + 1) / (n + 1), or 0.
    """

    name = "chess-line-so-far"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, n: int, boards: bool) -> None:
        self.n, self.boards = n, boards

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether `answer` can still become right."""
        board, done = chess.Board(item.inputs["fen"]), 0
        open_board = _OPEN.search(answer)
        text = answer[: open_board.start()] if open_board else answer
        unfinished = "" if open_board or not text or text[-1].isspace() or text[-1] == "}" else text.split()[-1]
        for legal, drawn, now in followed(item, text[: len(text) - len(unfinished)]):
            if not legal or drawn is False:
                return Verdict.of(False, "This can no longer become right.")
            board, done = now, done + 1
        if open_board and not board.board_fen().startswith(open_board.group()[1:].strip()):
            return Verdict.of(False, "This can no longer become right.")
        if unfinished and not _can_become(board, unfinished):
            return Verdict.of(False, "This can no longer become right.")
        if done + bool(_NUMBER.sub("", unfinished)) > self.n:
            return Verdict.of(False, f"Write {self.n} moves and no more.")
        return Verdict((done + 1) / (self.n + 1), True)


def _can_become(board: chess.Board, word: str) -> bool:
    """Return whether a legal move begins as `word`, a move number in front of it aside."""
    move = _NUMBER.sub("", word)
    if not move:
        return True
    return any(board.san(each).startswith(move) or each.uci().startswith(move) for each in board.legal_moves)

"""Chess: name a legal move, or the one that mates.

Shows whether a model follows a state that rules change: legal moves need the whole position, given as a board or only
as the moves so far. Positions are made by random play (`ask=legal`) or by placing few pieces until a mate in one is
there (`ask=mate`). Exact verifiers by the rules (python-chess); a UCI engine is the teacher where one is asked for.

The leak key is the position: pieces, side to move, castling and en passant.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.errors import BadSpec, MissingDependency
from nightschool.items import Item, Noise, Split, Wording, split_of
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.registry import make
from nightschool.uci import Engine
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Posed
from nightschool.worlds.limits import whole
from nightschool.worlds.supply import supply
from nightschool.worlds.truth import Informed

try:
    import chess
except ImportError as error:
    raise MissingDependency("chess needs python-chess; type: pip install 'nightschool[chess]'") from error

_PIECES = "QRBNP"


class Chess(Posed):
    """A world of positions. ask: `legal` (any legal move) or `mate` (the move that mates at once).

    plies: longest random opening of ask=legal; teacher: `rules` demonstrates a move that passes, `stockfish` (or the
    file of another engine) its best one. Raises BadSpec.
    """

    def __init__(self, ask: str = "legal", plies: int = 16, teacher: str = "rules") -> None:
        if ask not in ("legal", "mate"):
            raise BadSpec(f"chess: ask is legal or mate, not {ask!r}")
        whole("chess", plies=(plies, 1, 200))
        self.ask, self.plies, self.teacher = ask, plies, teacher
        self._space = f"chess:ask={ask},plies={plies}"
        self.spec = self._space if teacher == "rules" else f"{self._space},teacher={teacher}"
        self.wordings: Sequence[Wording] = built_in("chess" if ask == "legal" else "chess-mate")
        self.reference: Critic = make("critics", "chess-legal", mate=ask == "mate")
        self.verifier: Critic | None = self.reference
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed() if teacher == "rules" else EngineExpert(teacher)
        self.max_answer_tokens = 12

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return items of `split`, at most `limit` (1,000 where None)."""
        draw = self._legal if self.ask == "legal" else self._mate
        return supply(lambda dice: draw(dice, split), self._space, split, limit, seed)

    def levels(self) -> Sequence[Chess]:
        """Return openings of four plies first, then longer ones; mates are one level."""
        sizes = [plies for plies in (4, 8, 16, 32, 64) if plies < self.plies] if self.ask == "legal" else []
        return (*(Chess(self.ask, plies, self.teacher) for plies in sizes), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return a random move of the right form: a piece and a square, legal or not; for mates, a legal move."""
        dice = Dice(noise)
        if self.ask == "mate":
            board = chess.Board(item.inputs["fen"])
            return board.san(dice.pick(sorted(board.legal_moves, key=str)))
        return dice.pick(("", "N", "B", "R", "Q", "K")) + dice.pick("abcdefgh") + dice.pick("12345678")

    def _legal(self, dice: Dice, split: Split) -> Item | None:
        board = chess.Board()
        moves: list[chess.Move] = []
        for _ in range(dice.between(1, self.plies)):
            move = _random_move(board, dice)
            if move is None:
                return None
            moves.append(move)
            board.push(move)
        answer = _random_move(board, dice)
        if answer is None or split_of(_key(board)) is not split:  # before the moves are spelled out, which takes time
            return None
        return _item(board, board.san(answer), chess.Board().variation_san(moves))

    def _mate(self, dice: Dice, split: Split) -> Item | None:
        board = chess.Board.empty()
        squares = dice.distinct(6, 0, 63)
        men = ["K", "k", dice.pick("QR"), dice.pick(_PIECES), dice.pick(_PIECES).lower(), "p"]
        for square, man in zip(squares, men, strict=True):
            if man in "Pp" and square // 8 in (0, 7):
                return None
            board.set_piece_at(square, chess.Piece.from_symbol(man))
        if not board.is_valid() or split_of(_key(board)) is not split:
            return None
        mates = [move for move in board.legal_moves if board.gives_check(move) and _mates(board, move)]
        return _item(board, board.san(mates[0]), "") if mates else None


class EngineExpert:
    """An expert: a UCI engine, started when it is first asked. Raises MissingDependency where there is none."""

    def __init__(self, engine: str = "stockfish", nodes: int = 50_000) -> None:
        self.engine, self.nodes = engine, nodes
        self._running: Engine | None = None

    def demonstrate(self, item: Item) -> str:
        """Return the engine's best move in SAN. Raises ValueError for a position without moves."""
        if self._running is None:
            self._running = Engine(self.engine)
        board = chess.Board(item.inputs["fen"])
        move = self._running.think(board.fen(), self.nodes).move
        if move is None:
            raise ValueError(f"there is no move in {board.fen()}")
        return board.san(chess.Move.from_uci(move))


def _random_move(board: chess.Board, dice: Dice) -> chess.Move | None:
    """Return a legal move, each equally likely; None at the end of a game."""
    moves = dice.shuffled(list(board.generate_pseudo_legal_moves()))
    return next((move for move in moves if board.is_legal(move)), None)


def _mates(board: chess.Board, move: chess.Move) -> bool:
    board.push(move)
    mates = board.is_checkmate()
    board.pop()
    return mates


def _key(board: chess.Board) -> str:
    return "chess " + " ".join(board.fen(en_passant="fen").split()[:4])


def _item(board: chess.Board, target: str, moves: str) -> Item:
    fen = board.fen(en_passant="fen")
    side = "White" if board.turn else "Black"
    number = f"{board.fullmove_number}{'.' if board.turn else '...'}"
    inputs = {"fen": fen, "moves": moves, "side": side, "number": number, "board": str(board)}
    return Item(fen, inputs, target, _key(board))

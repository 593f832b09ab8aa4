"""Chess: name a legal move, the one that mates, or play on for several moves.

Shows whether a model follows a state that rules change: legal moves need the whole position, given as a board or only
as the moves so far. Positions are made by random play (`ask=legal`) or by placing few pieces until a mate in one is
there (`ask=mate`). `ask=line` plays on for `n` moves, each legal in what those before it made of the position: with
`shown` the board is written out behind every move, without it the position has to be kept in mind, so that errors
compound (`exam.horizon`). Exact verifiers by the rules (python-chess); a UCI engine is the teacher where one is asked
for.

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
from nightschool.worlds.chess_line import Line, LineSoFar, followed, written
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Posed
from nightschool.worlds.limits import flag, whole
from nightschool.worlds.supply import supply
from nightschool.worlds.truth import Informed

try:
    import chess
except ImportError as error:
    raise MissingDependency("chess needs python-chess; type: pip install 'nightschool[chess]'") from error

_PIECES = "QRBNP"


class Chess(Posed):
    """A world of positions. ask: `legal` (any legal move), `mate` (the move that mates at once) or `line` (`n` moves
    of both sides in turn).

    plies: longest random opening of ask=legal and ask=line; shown: whether a line's board is to be written out behind
    each of its moves; teacher: `rules` demonstrates a move that passes, `stockfish` (or the
    file of another engine) its best one. Raises BadSpec.
    """

    def __init__(
        self, ask: str = "legal", plies: int = 16, teacher: str = "rules", n: int = 6, shown: bool = False
    ) -> None:
        if ask not in ("legal", "mate", "line"):
            raise BadSpec(f"chess: ask is legal, mate or line, not {ask!r}")
        whole("chess", plies=(plies, 1, 200), n=(n, 1, 40))
        flag("chess", shown=shown)
        if ask == "line" and teacher != "rules":
            raise BadSpec("chess:ask=line is demonstrated by the rules alone; leave teacher out")
        self.ask, self.plies, self.teacher, self.n, self.shown = ask, plies, teacher, n, shown
        self._space = f"chess:ask={ask},plies={plies}" + (f",n={n}" if ask == "line" else "")
        self.spec = self._space + (f",teacher={teacher}" if teacher != "rules" else "")
        self.spec += ",shown=true" if ask == "line" and shown else ""
        names = {"legal": "chess", "mate": "chess-mate", "line": "chess-boards" if shown else "chess-line"}
        self.wordings: Sequence[Wording] = built_in(names[ask])
        line = ask == "line"
        self.reference: Critic = Line(n, shown) if line else make("critics", "chess-legal", mate=ask == "mate")
        self.verifier: Critic | None = self.reference
        self.step_critic: Critic | None = LineSoFar(n, shown) if line else None
        self.expert: Expert | None = Informed() if teacher == "rules" else EngineExpert(teacher)
        self.max_answer_tokens = n * (60 if shown else 9) + 8 if line else 12

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return items of `split`, at most `limit` (1,000 where None)."""
        draw = self._mate if self.ask == "mate" else self._legal
        return supply(lambda dice: draw(dice, split), self._space, split, limit, seed)

    def levels(self) -> Sequence[Chess]:
        """Return openings of four plies first, then longer ones; one move, two, four and so on; mates are one level."""
        if self.ask == "line":
            lengths = [2**power for power in range(self.n.bit_length()) if 2**power < self.n]
            return (*(Chess("line", self.plies, n=n, shown=self.shown) for n in lengths), self)
        sizes = [plies for plies in (4, 8, 16, 32, 64) if plies < self.plies] if self.ask == "legal" else []
        return (*(Chess(self.ask, plies, self.teacher) for plies in sizes), self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return a random move of the right form: a piece and a square, legal or not; for mates, a legal move; for
        lines, `n` of the former.
        """
        dice = Dice(noise)
        if self.ask == "line":
            return " ".join(_random_word(dice) for _ in range(self.n))
        if self.ask == "mate":
            board = chess.Board(item.inputs["fen"])
            return board.san(dice.pick(sorted(board.legal_moves, key=str)))
        return _random_word(dice)

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each move of a line whether it is legal where those before it led (for `exam.horizon`).

        A move that is not legal is left out, and the turn passes. Whether boards that are written out are right is for
        the verifier: with and without them, what is marked is the same.
        """
        if self.ask != "line":
            return ()
        return tuple(legal for legal, _, _ in followed(item, answer))[: self.n]

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
        played = chess.Board().variation_san(moves)
        if self.ask == "legal":
            return _item(board, board.san(answer), played)
        line = _random_line(board, answer, self.n, dice)
        return None if line is None else _item(board, written(board, line, self.shown), played, str(self.n))

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


def _random_line(board: chess.Board, first: chess.Move, n: int, dice: Dice) -> list[chess.Move] | None:
    """Return `n` legal moves from `board` on, `first` before all; None where a game ends before."""
    after, line = board.copy(), [first]
    after.push(first)
    while len(line) < n:
        move = _random_move(after, dice)
        if move is None:
            return None
        line.append(move)
        after.push(move)
    return line


def _random_word(dice: Dice) -> str:
    return dice.pick(("", "N", "B", "R", "Q", "K")) + dice.pick("abcdefgh") + dice.pick("12345678")


def _mates(board: chess.Board, move: chess.Move) -> bool:
    board.push(move)
    mates = board.is_checkmate()
    board.pop()
    return mates


def _key(board: chess.Board) -> str:
    return "chess " + " ".join(board.fen(en_passant="fen").split()[:4])


def _item(board: chess.Board, target: str, moves: str, n: str = "") -> Item:
    fen = board.fen(en_passant="fen")
    side = "White" if board.turn else "Black"
    number = f"{board.fullmove_number}{'.' if board.turn else '...'}"
    inputs = {"fen": fen, "moves": moves, "side": side, "number": number, "board": str(board)}
    return Item(fen, inputs | ({"n": n} if n else {}), target, _key(board))

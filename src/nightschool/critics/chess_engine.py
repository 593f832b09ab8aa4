"""How good is the move? By an engine that speaks UCI."""

from __future__ import annotations

from nightschool.critics.chess_legal import board_of, read_move, without_number
from nightschool.critics.compose import Combines
from nightschool.critics.parameters import above_zero
from nightschool.items import Item, Verdict
from nightschool.ports import Sight
from nightschool.uci import Engine


class ChessEngine(Combines):
    """Passed when a legal move, a move number in front or not, gives away less than `loss` of the expected score (wins
    and half the draws).

    score: 1 less what the move gives away against the engine's own best. nodes: what the engine may look at, each
    time; engine: its name on the path, or a file. The process starts with the first judgement.
    Raises, when it judges, MissingDependency where there is no engine.
    """

    name = "chess-engine"
    sight = Sight.VERIFIER
    timeout_s = None  # the engine has a time limit of its own

    def __init__(self, engine: str = "stockfish", nodes: int = 20_000, loss: float = 0.05, source: str = "fen") -> None:
        self.engine, self.source = engine, source
        self.nodes = int(above_zero(nodes, "nodes", self.name))
        self.loss = above_zero(loss, "loss", self.name)
        self._running: Engine | None = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict; what is no legal move has a score of 0."""
        board = board_of(item, self.source)
        text = without_number(answer)
        move, why = read_move(board, text)
        if move is None:
            return Verdict.of(False, why)
        if self._running is None:
            self._running = Engine(self.engine)
        best = self._running.think(board.fen(), self.nodes)
        if best.move == move.uci():
            return Verdict.of(True)
        this = self._running.think(board.fen(), self.nodes, only=move.uci())
        given_away = min(1.0, max(0.0, best.expected - this.expected))
        said = "" if given_away < self.loss else f"{text} gives away {given_away:.0%} of what can be expected."
        return Verdict(1 - given_away, given_away < self.loss, said)

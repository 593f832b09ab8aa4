from __future__ import annotations

import pytest

from nightschool.critics.chess_engine import ChessEngine
from nightschool.critics.judging import judge
from nightschool.items import Item
from nightschool.uci import Opinion
from nightschool.worlds.chess import EngineExpert
from support.engines import needs_stockfish

HANGING = Item("i", {"fen": "rnbqkbnr/pppp1ppp/8/4p2Q/4P3/8/PPPP1PPP/RNB1KBNR w KQkq - 0 3"}, None, "k")


@needs_stockfish
def test_good_moves_pass_and_blunders_do_not() -> None:
    critic = ChessEngine(nodes=5_000)
    best = critic.judge(HANGING, EngineExpert(nodes=5_000).demonstrate(HANGING))
    poor = critic.judge(HANGING, "Qxh7")
    assert best.passed
    assert not poor.passed
    assert best.score > poor.score + 0.2
    assert "gives away" in poor.feedback
    assert not critic.judge(HANGING, "Bxh8").passed
    assert critic._running is not None
    critic._running.close()


def test_a_move_number_may_stand_in_front() -> None:
    class Fake:
        def think(self, fen: str, nodes: int, *, only: str = "") -> Opinion:
            return Opinion(only or "b1c3", 0.2 if only else 0.5, None, 1)

    critic = ChessEngine()
    critic._running = Fake()  # type: ignore[assignment]
    assert critic.judge(HANGING, "3. Nc3").passed
    verdict = critic.judge(HANGING, "3. Qxh7")
    assert verdict.score == pytest.approx(0.7)
    assert verdict.feedback == "Qxh7 gives away 30% of what can be expected."


def test_without_an_engine_the_verdict_says_how_to_get_one() -> None:
    verdict = judge(ChessEngine(engine="no-such-engine"), HANGING, "a3")
    assert verdict.error is not None
    assert "apt-get install stockfish" in verdict.error

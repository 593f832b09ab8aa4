from __future__ import annotations

from nightschool.critics.chess_engine import ChessEngine
from nightschool.critics.judging import judge
from nightschool.items import Item
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


def test_without_an_engine_the_verdict_says_how_to_get_one() -> None:
    verdict = judge(ChessEngine(engine="no-such-engine"), HANGING, "a3")
    assert verdict.error is not None
    assert "apt-get install stockfish" in verdict.error

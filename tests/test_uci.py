"""The engine protocol, against a fake engine and, where it is installed, against Stockfish."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nightschool.errors import MissingDependency, ModelError
from nightschool.uci import Engine, find_engine
from support.engines import needs_stockfish

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
MATE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"

FAKE = """#!{python}
import sys
for line in sys.stdin:
    word = line.split()[0]
    if word == "uci":
        print("id name fake\\nuciok", flush=True)
    elif word == "isready":
        print("readyok", flush=True)
    elif word == "go":
        {go}
"""


def fake(tmp_path: Path, go: str) -> str:
    path = tmp_path / "engine"
    path.write_text(FAKE.format(python=sys.executable, go=go))
    path.chmod(0o755)
    return str(path)


def test_what_an_engine_says_is_read(tmp_path: Path) -> None:
    said = (
        "info depth 3 score cp 100 pv e2e4\\ninfo depth 9 seldepth 12 score cp 400 pv d2d4\\nbestmove d2d4 ponder d7d5"
    )
    engine = Engine(fake(tmp_path, f'print("{said}", flush=True)'))
    opinion = engine.think(START)
    engine.close()
    assert (opinion.move, opinion.depth, opinion.mate) == ("d2d4", 9, None)
    assert opinion.expected == pytest.approx(10 / 11)


@pytest.mark.parametrize(
    ("said", "move", "expected", "mate"),
    [
        ("info depth 1 score mate 2\\nbestmove a1a8", "a1a8", 1.0, 2),
        ("info depth 1 score mate -1\\nbestmove a1a8", "a1a8", 0.0, -1),
        ("info depth 0 score mate 0\\nbestmove (none)", None, 0.0, 0),
        ("info depth 5 score cp 3 wdl 500 400 100\\nbestmove e2e4", "e2e4", 0.7, None),
        ("bestmove e2e4", "e2e4", 0.5, None),
    ],
)
def test_scores_of_every_kind(tmp_path: Path, said: str, move: str, expected: float, mate: int) -> None:
    engine = Engine(fake(tmp_path, f'print("{said}", flush=True)'))
    opinion = engine.think(START)
    engine.close()
    assert (opinion.move, opinion.mate) == (move, mate)
    assert opinion.expected == pytest.approx(expected)


def test_an_engine_that_hangs_or_dies_is_named(tmp_path: Path) -> None:
    engine = Engine(fake(tmp_path, "pass"), timeout_s=20.0)
    engine.timeout_s = 0.05
    with pytest.raises(ModelError, match="did not say bestmove within"):
        engine.think(START)
    engine.close()
    engine = Engine(fake(tmp_path, "sys.exit(3)"))
    with pytest.raises(ModelError, match="ended by itself"):
        engine.think(START)
    engine.close()


def test_without_an_engine_the_line_that_installs_it_is_said() -> None:
    with pytest.raises(MissingDependency, match="apt-get install stockfish"):
        find_engine("no-such-engine")


@needs_stockfish
def test_stockfish_finds_the_mate_and_says_the_same_again() -> None:
    engine = Engine()
    try:
        first, again = (engine.think(START, nodes=3_000) for _ in range(2))
        assert first == again
        assert 0.4 < first.expected < 0.7
        mate = engine.think(MATE, nodes=1_000)
        assert (mate.move, mate.mate) == ("a1a8", 1)
        assert mate.expected == pytest.approx(1.0)
        assert engine.think(MATE, moves="a1a8").move is None
    finally:
        engine.close()

"""Whether a chess engine is there to test with."""

from __future__ import annotations

import pytest

from nightschool.errors import MissingDependency
from nightschool.uci import find_engine


def _stockfish() -> bool:
    try:
        find_engine()
    except MissingDependency:
        return False
    return True


needs_stockfish = pytest.mark.skipif(not _stockfish(), reason="no Stockfish; type: sudo apt-get install stockfish")

import numpy as np
import pytest

from nightschool.stats.spread import Cells, Spread, explore


def grid(ways: int, items: int, seed: int, scale: float = 0.8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, scale, (ways, 1)) + rng.normal(0, 1.5, (1, items))
    return (rng.random((ways, items)) < 1 / (1 + np.exp(-odds))).astype(float)


def explored(y: np.ndarray, seed: int = 0, share: float = 0.2) -> tuple[Spread, list[tuple[int, int]]]:
    asked: list[tuple[int, int]] = []

    def look(cells: Cells) -> list[float]:
        asked.extend(cells)
        return [float(y[cell]) for cell in cells]

    return explore(*y.shape, look, np.random.default_rng(seed), share), asked


def test_it_looks_at_no_more_than_its_share_and_at_nothing_twice() -> None:
    found, asked = explored(grid(50, 100, 1))
    assert len(asked) == found.calls <= 0.2 * 50 * 100
    assert found.calls > 0.18 * 50 * 100
    assert len(set(asked)) == len(asked)


def test_intervals_hold_what_the_full_grid_shows() -> None:
    held = []
    for seed in range(20):
        y = grid(50, 120, seed)
        truth = y.mean(axis=1)
        found, _ = explored(y, seed)
        for score, value in ((found.worst, truth.min()), (found.median, np.median(truth)), (found.best, truth.max())):
            held.append(score.low <= value <= score.high)
    assert np.mean(held) >= 0.93  # a hundred thousand grids are counted in benchmarks/exam_statistics.py


def test_a_way_that_stands_out_is_found() -> None:
    y = grid(40, 100, 3, scale=0.1)
    y[7] = 1.0
    y[9] = 0.0
    found, _ = explored(y)
    assert (found.likely_best, found.likely_worst) == (7, 9)
    assert found.best.value > 0.9
    assert found.worst.value < 0.1


def test_the_whole_grid_is_known_exactly() -> None:
    y = grid(6, 30, 4)
    found, _ = explored(y, share=1.0)
    truth = y.mean(axis=1)
    assert found.best.value == pytest.approx(truth.max(), abs=0.02)
    assert found.worst.value == pytest.approx(truth.min(), abs=0.02)
    assert found.best.high - found.best.low < 0.02


def test_the_same_seed_looks_at_the_same_cells() -> None:
    y = grid(20, 50, 5)
    assert explored(y, 7) == explored(y, 7)


def test_too_little_to_look_at_is_said() -> None:
    with pytest.raises(ValueError, match="too little"):
        explored(grid(2, 100, 0))
    with pytest.raises(ValueError, match="too little"):
        explored(grid(50, 5, 0))

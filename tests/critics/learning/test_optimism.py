from __future__ import annotations

import itertools
import random

import pytest

from nightschool.critics.learning.optimism import chosen_by


def test_it_is_the_mean_over_all_subsets() -> None:
    dice = random.Random(0)
    scores = [[dice.choice((0.1, 0.4, 0.4, 0.9)) for _ in range(6)] for _ in range(5)]
    truths = [[dice.random() < 0.4 for _ in range(6)] for _ in range(5)]
    for row in chosen_by(scores, truths, (1, 2, 3, 6)):
        means, believed, possible = [], [], []
        for mine, true in zip(scores, truths, strict=True):
            for some in itertools.combinations(range(6), row.n):
                top = max(mine[i] for i in some)
                best = [i for i in some if mine[i] == top]
                means.append(sum(true[i] for i in best) / len(best))
                believed.append(top)
                possible.append(any(true[i] for i in some))
        assert row.truth.value == pytest.approx(sum(means) / len(means))
        assert row.believed == pytest.approx(sum(believed) / len(believed))
        assert row.possible == pytest.approx(sum(possible) / len(possible))


def test_a_critic_that_loves_a_mistake_is_over_optimised() -> None:
    """One draw of twelve looks best and is wrong; the others are right as they look good."""
    dice = random.Random(1)
    scores, truths = [], []
    for _ in range(40):
        good = [dice.random() for _ in range(23)]
        scores.append([*good, 1.0])
        truths.append([*(value > 0.5 for value in good), False])
    rows = {row.n: row for row in chosen_by(scores, truths, (1, 2, 4, 24))}
    assert rows[4].truth.value > rows[1].truth.value + 0.2
    assert rows[24].truth.value == 0.0
    assert rows[24].believed == 1.0
    assert rows[24].possible == 1.0


@pytest.mark.parametrize(
    ("scores", "truths", "n"), [([], [], 1), ([[1.0]], [[True]], 2), ([[1.0]], [[True, False]], 1)]
)
def test_what_cannot_be_told_is_refused(scores: list[list[float]], truths: list[list[bool]], n: int) -> None:
    with pytest.raises(ValueError, match="scored draws of every item"):
        chosen_by(scores, truths, (n,))

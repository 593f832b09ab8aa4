import math
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as oracle

from nightschool.stats import (
    Paired,
    difference,
    items_to_see,
    mcnemar,
    noninferior,
    power_to_accept,
    power_to_see,
)
from nightschool.stats import margin as margin_room
from nightschool.stats.paired import score_z

tables = st.builds(Paired, *[st.integers(0, 40)] * 4).filter(lambda p: p.n > 0)


@settings(max_examples=50, deadline=None)
@given(tables, st.floats(0.01, 0.5))
def test_accepted_is_what_the_interval_says(paired: Paired, margin: float) -> None:
    found = noninferior(paired, margin)
    assert found.difference == difference(paired)
    assert found.accepted == (found.difference.low > -margin)
    assert 0 <= found.power <= 1


def test_too_few_items_do_not_show_that_nothing_was_lost() -> None:
    unchanged = Paired(both=20, gained=0, lost=0, neither=20)
    assert not noninferior(unchanged, 0.05).accepted
    assert noninferior(Paired(both=200, gained=0, lost=0, neither=200), 0.05).accepted


@pytest.mark.parametrize(("changed", "margin"), [(0.10, 0.05), (0.2, 0.1), (0.3, 0.05)])
def test_a_loss_of_exactly_the_margin_passes_at_most_rarely(changed: float, margin: float) -> None:
    rng = np.random.default_rng(5)
    up, down = (changed - margin) / 2, (changed + margin) / 2
    gained, lost, _ = rng.multinomial(250, [up, down, 1 - changed], 10_000).T
    accepted = (score_z(gained, lost, 250, -margin) > 1.959964).mean()
    assert accepted <= 0.03
    assert power_to_accept(250, margin, changed, truth=-margin) == pytest.approx(accepted, abs=0.008)


def test_power_agrees_with_simulation() -> None:
    gained, lost, _ = np.random.default_rng(6).multinomial(300, [0.06, 0.06, 0.88], 10_000).T
    simulated = (score_z(gained, lost, 300, -0.05) > 1.959964).mean()
    assert power_to_accept(300, 0.05, 0.12) == pytest.approx(simulated, abs=0.02)


def test_a_bad_night_seldom_passes_at_250_items() -> None:
    assert power_to_accept(250, 0.05, changed=0.25, truth=-0.15) < 0.001


def test_plain_mcnemar_at_48_items_sees_a_10_point_loss_one_time_in_four() -> None:
    assert power_to_see(48, -0.10, 0.25) == pytest.approx(0.25, abs=0.03)


def test_power_to_see_agrees_with_simulation() -> None:
    draws = np.random.default_rng(7).multinomial(60, [0.05, 0.2, 0.75], 4000)
    seen = np.mean([mcnemar(Paired(0, int(g), int(c), int(r))) <= 0.05 for g, c, r in draws])
    assert power_to_see(60, -0.15, 0.25) == pytest.approx(seen, abs=0.025)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.floats(0, 1), st.floats(-1, 1), st.sampled_from([0.05, 0.01, 0.0625, 0.5]))
def test_power_to_see_is_the_sum_over_all_tables(n: int, changed: float, part: float, alpha: float) -> None:
    up, down = changed * (1 + part) / 2, changed * (1 - part) / 2
    exact = 0.0
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            if mcnemar(Paired(0, gained, lost, 0)) <= alpha:
                ways = math.comb(n, gained) * math.comb(n - gained, lost)
                exact += ways * up**gained * down**lost * (1 - changed) ** (n - gained - lost)
    assert power_to_see(n, changed * part, changed, alpha) == pytest.approx(exact, abs=1e-9)


def test_power_to_see_is_told_of_thousands_of_items_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tails = Mock(wraps=margin_room.tail_near)
    monkeypatch.setattr(margin_room, "tail_near", tails)
    assert power_to_see(10_000, 0.01, 0.2) == pytest.approx(0.6, abs=0.05)
    assert tails.call_count < 2_000  # two for each likely number of changes, where all tables are a hundred million


@given(st.integers(0, 300), st.integers(0, 300))
def test_mid_p_is_that_of_the_binomial(gained: int, lost: int) -> None:
    n, fewer = gained + lost, min(gained, lost)
    expected = 2 * oracle.binom.cdf(fewer, n, 0.5) - oracle.binom.pmf(fewer, n, 0.5)
    assert mcnemar(Paired(3, gained, lost, 4)) == pytest.approx(min(1.0, expected), abs=1e-9)


@pytest.mark.parametrize(("truth", "changed"), [(0.1, 0.2), (-0.05, 0.1), (0.3, 0.3)])
def test_items_to_see_have_about_the_power_asked_for(truth: float, changed: float) -> None:
    n = items_to_see(truth, changed)
    assert power_to_see(n, truth, changed) == pytest.approx(0.8, abs=0.09)


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1])
def test_a_margin_of_nothing_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        noninferior(Paired(1, 0, 0, 1), margin)


def test_impossible_differences_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot differ"):
        power_to_accept(10, 0.1, changed=0.05, truth=0.2)
    with pytest.raises(ValueError, match="no sample"):
        items_to_see(0.2, 0.1)

import math

import pytest

from nightschool.exam.analyses.drift import Drift
from nightschool.models.distribution import Distribution
from nightschool.models.scripted import Scripted
from nightschool.worlds.markov import Markov
from support.sittings import found

WORLD = Markov(states=5, ways=2, shown=12, more=6)
FLOOR = 0.02


def writer(mix: float, floor: float = 0.0) -> Scripted:
    """Return a model that writes as the source does but for a share `mix`, in which it writes any letter."""
    source = WORLD.source

    def rule(prompt: str, written: str) -> Distribution:
        text = prompt + written
        if text.endswith(tuple(source.symbols)):
            return {" ": 1.0}
        last = text.rstrip()[-1]
        row = source.rows[source.symbols.index(last)] if last in source.symbols else [1.0] * 5
        even = mix + floor * (1 - mix)
        return {s: (1 - even) * p + even / 5 for s, p in zip(source.symbols, row, strict=True)}

    return Scripted(rule=rule, identity=f"writer {mix} {floor}")


def divergence(mix: float) -> float:
    """Return the exact divergence in nats per letter of the source, with its floor, from such a writer."""
    total = 0.0
    for share, row in zip(WORLD.source.stationary(), WORLD.source.rows, strict=True):
        for p in row:
            q, s = (1 - mix) * p + mix / 5, (1 - FLOOR) * p + FLOOR / 5
            total += share * p * math.log(s / q) if p > 0 else 0.0
    return total


def drift_of(mix: float, floor: float = 0.0, items: int = 40) -> dict[str, object]:
    finding = found(WORLD, writer(mix, floor), f"drift:items={items},length=24", rungs=(), items=items)
    return dict(finding.facts)


def test_the_source_itself_does_not_drift() -> None:
    facts = drift_of(0.0, FLOOR)
    for name in ("model_from_source", "source_from_model"):
        value, low, high = facts[name]  # type: ignore[misc]
        assert abs(value) < 1e-9
        assert low <= 0 <= high + 1e-9
    assert facts["letters_to_return"] == 1  # a chain of first order forgets a mistake at once


def test_a_planted_divergence_is_measured_in_nats() -> None:
    facts = drift_of(0.3)
    value, low, high = facts["source_from_model"]  # type: ignore[misc]
    assert low <= divergence(0.3) <= high
    assert value == pytest.approx(divergence(0.3), rel=0.2)


def test_the_ratio_falls_by_as_much_with_each_letter() -> None:
    growth = drift_of(0.3)["growth"][0]  # type: ignore[index]
    rates = [nats / length for length, nats in growth if length]
    assert max(rates) - min(rates) < 0.1


def test_a_world_without_a_known_source_has_no_drift() -> None:
    from support.tiny_worlds import Doubling

    assert "no source" in (found(Doubling(), Scripted("no"), "drift", rungs=()).unavailable or "")


def test_what_is_no_text_of_the_source_is_said() -> None:
    finding = found(WORLD, Scripted("hello there, this is not it"), "drift:items=4", rungs=(), items=4)
    assert "fewer than two texts" in (finding.unavailable or "")


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="drift"):
        Drift(items=1)

import numpy as np
import pytest

from nightschool.stats.components import components


def planted(item: float, wording: float, both: float, repeat: float, shape: tuple[int, int, int]) -> object:
    rng = np.random.default_rng(3)
    items, wordings, _ = shape
    y = rng.normal(0, item, (items, 1, 1)) + rng.normal(0, wording, (1, wordings, 1))
    y = y + rng.normal(0, both, (items, wordings, 1)) + rng.normal(0, repeat, shape)
    return y.tolist()


def test_planted_components_are_found() -> None:
    found = components(planted(1.0, 0.0, 0.5, 1.0, (400, 8, 6)), np.random.default_rng(0))  # type: ignore[arg-type]
    assert found is not None
    assert found.repeat is not None
    assert found.variance == pytest.approx(2.25, rel=0.1)
    assert found.item.value == pytest.approx(1 / 2.25, abs=0.05)
    assert found.both.value == pytest.approx(0.25 / 2.25, abs=0.04)
    assert found.repeat.value == pytest.approx(1 / 2.25, abs=0.05)
    assert found.wording.value < 0.01
    for share in (found.item, found.wording, found.both, found.repeat):
        assert 0 <= share.low <= share.value <= share.high <= 1


def test_shares_sum_to_one() -> None:
    found = components(planted(0.4, 0.8, 0.2, 0.3, (30, 12, 2)), np.random.default_rng(0))  # type: ignore[arg-type]
    assert found is not None
    assert found.repeat is not None
    assert found.item.value + found.wording.value + found.both.value + found.repeat.value == pytest.approx(1)
    assert found.wording.value > 0.4


@pytest.mark.parametrize(
    ("fails", "name"),
    [
        (lambda i, w, r: i % 3 == 0, "item"),
        (lambda i, w, r: w % 2 == 0, "wording"),
        (lambda i, w, r: (i + w) % 2 == 0, "both"),
        (lambda i, w, r: r % 2 == 0, "repeat"),
    ],
)
def test_pure_failures_are_named(fails, name) -> None:  # type: ignore[no-untyped-def]
    y = [[[float(not fails(i, w, r)) for r in range(4)] for w in range(6)] for i in range(30)]
    found = components(y, np.random.default_rng(0))
    assert found is not None
    assert getattr(found, name).value > 0.9


def test_without_repeats_their_share_is_not_told() -> None:
    y = [[[float((i * w) % 3 == 0)] for w in range(4)] for i in range(12)]
    found = components(y, np.random.default_rng(0))
    assert found is not None
    assert found.repeat is None
    assert found.item.value + found.wording.value + found.both.value == pytest.approx(1)


def test_what_never_varies_has_no_components() -> None:
    assert components([[[1.0], [1.0]]] * 5, np.random.default_rng(0)) is None
    with pytest.raises(ValueError, match="two items"):
        components([[[1.0], [0.0]]], np.random.default_rng(0))

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.items import Sampling
from nightschool.models.local.pick import pick, uniforms


def exact(logits: np.ndarray, how: Sampling, u: float) -> int:
    """Return the token by the definition, in float64 and one row at a time."""
    if how.temperature == 0:
        return int(logits.argmax())
    scaled = logits.astype(np.float64) / how.temperature
    p = np.exp(scaled - scaled.max())
    p /= p.sum()
    if how.top_k == 0 and how.top_p == 1:
        return int(np.searchsorted(p.cumsum(), u * p.sum(), side="right"))
    order = np.argsort(-p, kind="stable")
    kept = p[order][: how.top_k or None]
    kept /= kept.sum()
    kept = np.where(kept.cumsum() - kept < how.top_p, kept, 0)
    return int(order[np.searchsorted(kept.cumsum(), u * kept.sum(), side="right")])


ways = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.01]),
    top_k=st.sampled_from([0, 1, 5, 64, 100]),
)


@given(st.lists(ways, min_size=1, max_size=12), st.sampled_from([70, 257, 512, 1000]), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_tokens_are_those_of_the_definition(how: list[Sampling], size: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    logits = (dice.normal(size=(len(how), size)) * dice.choice([0.5, 3, 10])).astype(np.float32)
    u = dice.uniform(0.001, 0.999, len(how))
    tokens, logps = pick(torch.from_numpy(logits), how, u)
    table = torch.from_numpy(logits).double().log_softmax(-1).numpy()
    for i, token in enumerate(tokens):
        near = {exact(logits[i], how[i], u[i] + d) for d in (-1e-5, 0, 1e-5)}  # rounding may move a boundary so far
        assert token in near
        assert abs(logps[i] - table[i, token]) < 1e-4


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    logits = torch.randn(40, 1000, generator=torch.Generator().manual_seed(0)) * 3
    u = np.random.default_rng(1).uniform(size=40)
    how = [Sampling(temperature=0.5 + i % 3 / 2, top_p=[1.0, 0.9][i % 2]) for i in range(40)]
    together, _ = pick(logits, how, u)
    alone = [pick(logits[i : i + 1], how[i : i + 1], u[i : i + 1])[0][0] for i in range(40)]
    assert together.tolist() == alone


def test_frequencies_are_probabilities() -> None:
    p = np.array([0.5, 0.25, 0.125, 0.125])
    logits = torch.from_numpy(np.log(p).astype(np.float32)).expand(4000, 4)
    u = uniforms(np.arange(4000, dtype=np.uint64), np.full(4000, 7, dtype=np.uint64))
    tokens, _ = pick(logits, [Sampling()] * 4000, u)
    counts = np.bincount(tokens, minlength=4)
    assert (((counts - 4000 * p) ** 2) / (4000 * p)).sum() < 16.3  # chi-square, 3 degrees of freedom, p = 0.001


def test_tokens_without_probability_are_never_drawn() -> None:
    logits = torch.full((2, 300), -torch.inf)
    logits[:, 7] = 1.0
    for u in (1e-300, 0.5, 1 - 1e-16):
        tokens, logps = pick(logits, [Sampling(), Sampling(top_p=0.9)], np.array([u, u]))
        assert tokens.tolist() == [7, 7]
        assert np.allclose(logps, 0)


def test_uniform_numbers_depend_on_key_and_position_alone() -> None:
    keys = np.array([1, 2, 2**64 - 1], dtype=np.uint64)
    first = uniforms(keys, np.zeros(3, dtype=np.uint64))
    assert first[1] == uniforms(keys[1:2], np.zeros(1, dtype=np.uint64))[0]
    many = uniforms(np.repeat(keys, 10000), np.tile(np.arange(10000, dtype=np.uint64), 3))
    assert 0 < many.min() < many.max() < 1
    assert len(set(many.tolist())) == 30000
    assert abs(many.mean() - 0.5) < 0.01

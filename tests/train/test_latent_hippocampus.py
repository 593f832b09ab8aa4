"""A hippocampus over hidden states foretells reward from what came before, and looks at nothing that comes later."""

import random

import pytest
import torch

from nightschool.errors import UsageError
from nightschool.train.latent_hippocampus import LatentHippocampus
from nightschool.train.scratch import Schooling

DIRECTIONS = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))  # seed, rain, talk


def lived(n, seed, noise=0.3):
    """Reward follows rain where a seed came within three events before it."""
    dice, shaken = random.Random(seed), torch.Generator().manual_seed(seed)
    kinds = [dice.choices((0, 1, 2), (1, 1, 2))[0] for _ in range(n)]
    soon = [kind == 1 and 0 in kinds[max(0, i - 3) : i] for i, kind in enumerate(kinds)]
    felt = ["good" if i and soon[i - 1] else "plain" for i in range(n)]
    return DIRECTIONS[kinds] + noise * torch.randn(n, 16, generator=shaken), felt, soon


def test_it_foretells_what_hangs_on_what_came_before():
    states, felt, soon = lived(600, 1)
    hippocampus = LatentHippocampus(16)
    losses = hippocampus.learn(states, felt, soon, Schooling(steps=200, rate=5e-3))
    assert sum(losses[-20:]) < 0.5 * sum(losses[:20])
    states, felt, soon = lived(300, 2)
    said = hippocampus.foretell(states, felt)
    yes = [p for p, truth in zip(said, soon, strict=True) if truth]
    no = [p for p, truth in zip(said, soon, strict=True) if not truth]
    assert sum(a > b for a in yes for b in no) > 0.95 * len(yes) * len(no)


def test_what_comes_later_changes_nothing():
    states, felt, soon = lived(60, 3)
    hippocampus = LatentHippocampus(16)
    hippocampus.learn(states, felt, soon, Schooling(steps=5))
    changed = states.clone()
    changed[40:] = 9.0
    whole, cut = hippocampus.foretell(states, felt), hippocampus.foretell(changed, [*felt[:39], *["bad"] * 21])
    assert cut[:40] == pytest.approx(whole[:40])


def test_the_same_stream_gives_the_same_weights_and_an_empty_one_is_refused():
    states, felt, soon = lived(60, 4)
    runs = [LatentHippocampus(16).learn(states, felt, soon, Schooling(steps=5)) for _ in range(2)]
    assert runs[0] == runs[1]
    with pytest.raises(UsageError, match="needs experiences"):
        LatentHippocampus(16).learn(states[:0], [], [], Schooling(steps=5))

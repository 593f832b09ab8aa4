"""The twin that has learned nothing: the same architecture and numbers, other places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from nightschool.asks import Propose, Read
from nightschool.items import Noise, Prefix, Prompt, Sampling
from nightschool.models.local.model import LocalModel
from nightschool.models.local.random_twin import random_twin
from support.local_runs import finish
from support.tiny_models import tiny_model_folder


@pytest.fixture
def model(tmp_path: Path) -> LocalModel:
    return LocalModel.from_folder(tiny_model_folder(tmp_path), name="tiny")


def test_matrices_keep_their_numbers_and_lose_their_places(model: LocalModel) -> None:
    twin = random_twin(model, seed=1)
    assert twin.identity != model.identity
    for (name, own), (_, other) in zip(model.module.named_parameters(), twin.module.named_parameters(), strict=True):
        assert torch.equal(own.flatten().sort().values, other.flatten().sort().values), name
        if own.dim() > 1:
            assert not torch.equal(own, other), name


def test_the_model_itself_is_left_as_it_was(model: LocalModel) -> None:
    ask = Read("r", Prefix(Prompt(text="one two three")))
    before = finish(model, [ask])["r"].state
    twin = random_twin(model)
    theirs = finish(twin, [ask])["r"].state
    after = finish(model, [ask])["r"].state
    assert np.allclose(before, after, atol=1e-4)
    assert not np.allclose(before, theirs)
    propose = Propose("p", Prefix(Prompt(text="one")), 2, Sampling(max_tokens=4), Noise((1,)))
    assert len(finish(twin, [propose])["p"].draws) == 2


def test_the_seed_names_the_twin(model: LocalModel) -> None:
    ask = Read("r", Prefix(Prompt(text="one two")))
    states = [finish(random_twin(model, seed), [ask])["r"].state for seed in (3, 3, 4)]
    assert np.allclose(states[0], states[1], atol=1e-4)
    assert not np.allclose(states[0], states[2], atol=1e-2)

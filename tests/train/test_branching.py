from __future__ import annotations

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from nightschool.train import branching
from nightschool.train.examples import Example
from nightschool.train.packing import lay_out
from support.tiny_models import tiny_model

MANY = [Example((1, 2, 3, *(10 + i, 40 + i, 7, i)), 3) for i in range(12)]
FEW = [Example(tuple(range(40)), 3), Example((*range(38), 50), 3)]


class Layer(torch.nn.Module):
    num_key_value_groups = 3
    is_causal = True


def states(length, heads, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, heads, length, 8, generator=generator, dtype=torch.float64).float().requires_grad_()


def test_each_example_apart_sees_what_the_mask_shows_and_gets_the_same_gradient():
    row = lay_out(MANY)
    found = []
    for apart in (False, True):
        query, key, value = (states(len(row.ids), heads, seed) for heads, seed in ((6, 1), (2, 2), (2, 3)))
        with branching.reading(row if apart else None):
            assert (branching.read_now() is not None) is apart
            out, _ = branching.attend(Layer(), query, key, value, row.mask(torch.float32), scaling=0.3)
        (out * torch.arange(8.0)).sum().backward()
        found.append((out.detach(), query.grad, key.grad, value.grad))
    for one, two in zip(*found, strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_nothing_is_taken_apart_where_that_would_be_more():
    with branching.reading(lay_out(FEW)):
        assert branching.read_now() is None
    with branching.reading(lay_out(MANY)):
        assert branching.read_now() is not None
        with branching.reading(None):
            assert branching.read_now() is None
        assert branching.read_now() is not None
    assert branching.read_now() is None


@pytest.mark.parametrize(("kind", "by_example"), [("llama", True), ("gemma2", False)])
def test_only_what_torch_attends_for_is_taken_over(kind, by_example):
    module = tiny_model(kind)
    module.set_attn_implementation("sdpa" if by_example else "eager")
    branching.prepare(module)
    assert (module.config._attn_implementation == branching.NAME) is by_example


def test_without_a_row_it_is_torchs_own():
    query, key, value = (states(5, heads, seed) for heads, seed in ((6, 1), (2, 2), (2, 3)))
    ours, _ = branching.attend(Layer(), query, key, value, None, scaling=0.3)
    theirs, _ = sdpa_attention_forward(Layer(), query, key, value, None, scaling=0.3)
    assert torch.equal(ours, theirs)

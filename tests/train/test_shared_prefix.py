from __future__ import annotations

import pytest
import torch

from nightschool.train.examples import encode_lesson
from nightschool.train.low_rank import inject, parameters
from nightschool.train.settings import LoraSettings
from nightschool.train.shared_prefix import Gradient
from support.pupils import Pupil, lessons, rehearsals


def module_with_lora(kind: str):
    pupil = Pupil(kind)
    module = pupil.fresh_module()
    inject(module, LoraSettings(rank=4), 3, "tiny")
    generator = torch.Generator().manual_seed(5)
    for _, weight in parameters(module):  # B is zero at the start, which would hide half of the gradient
        weight.data.copy_(torch.randn(weight.shape, generator=generator) * 0.1)
    rows = [encode_lesson(pupil, lesson) for lesson in lessons(7) + rehearsals(3)]
    return module, rows


def plain(module, rows):
    """The loss by its definition, one example at a time, by the model's own logits."""
    total = sum(row.weight for row in rows)
    loss = 0.0
    for row in rows:
        ids = torch.tensor([row.tokens])
        logps = module(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1)
        learned = range(row.start, len(row.tokens))
        loss = loss - row.weight / total * sum(logps[t - 1, row.tokens[t]] for t in learned) / len(learned)
    loss.backward()
    return float(loss.detach()), gradients(module)


def gradients(module):
    found = {name: weight.grad.clone() for name, weight in parameters(module)}
    module.zero_grad()
    return found


@pytest.mark.parametrize("kind", ["llama", "qwen3", "mistral", "gpt2", "gpt_neox", "gemma2", "gemma3"])
@pytest.mark.parametrize("micro_tokens", [4096, 60])
def test_the_gradient_is_that_of_the_plain_computation(kind, micro_tokens):
    module, rows = module_with_lora(kind)
    loss, expected = plain(module, rows)
    cost = Gradient(module, micro_tokens=micro_tokens).add(rows)
    found = gradients(module)
    assert cost.loss == pytest.approx(loss, rel=1e-5)
    largest = max(float(grad.abs().max()) for grad in expected.values())
    assert largest > 1e-3
    for name, grad in expected.items():
        assert torch.allclose(found[name], grad, rtol=1e-4, atol=1e-5 * max(1.0, largest)), name


def test_sharing_computes_fewer_tokens_and_only_counts_what_is_learned():
    module, rows = module_with_lora("llama")
    shared = Gradient(module, micro_tokens=4096).add(rows)
    whole = Gradient(module, micro_tokens=4096, share_prefix=False).add(rows)
    assert shared.computed < 0.6 * whole.computed
    assert shared.tokens == whole.tokens == sum(len(row.tokens) for row in rows)
    assert shared.learned == sum(len(row.tokens) - row.start for row in rows)


def test_frozen_weights_get_no_gradient():
    module, rows = module_with_lora("llama")
    Gradient(module, micro_tokens=4096).add(rows)
    assert all(weight.grad is None for name, weight in module.named_parameters() if "lora_" not in name)

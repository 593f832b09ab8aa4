from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from nightschool.train.anchor import OldSelf
from nightschool.train.examples import encode_lesson
from nightschool.train.low_rank import inject, parameters
from nightschool.train.readout import Readout
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


@pytest.mark.parametrize("micro_tokens", [4096, 60])
def test_what_the_old_self_said_is_the_same_read_in_rows_and_alone(micro_tokens):
    module, rows = module_with_lora("llama")

    @contextmanager
    def as_before():
        yield

    alone, together = (OldSelf(Readout(module), as_before, micro_tokens=micro_tokens) for _ in range(2))
    expected = alone.states(rows)
    together.read(rows, None)
    assert torch.allclose(together.states(rows), expected, atol=1e-4)
    again = OldSelf(Readout(module), as_before, micro_tokens=micro_tokens)
    again.read(rows, None)
    assert torch.equal(again.states(rows), together.states(rows))


@pytest.mark.parametrize("kind", ["llama", "qwen3", "mistral", "gpt2", "gpt_neox", "gemma2", "gemma3"])
@pytest.mark.parametrize("micro_tokens", [4096, 60])
def test_the_gradient_is_that_of_the_plain_computation(kind, micro_tokens):
    module, rows = module_with_lora(kind)
    loss, expected = plain(module, rows)
    cost = Gradient(Readout(module), micro_tokens=micro_tokens).add(rows)
    found = gradients(module)
    assert cost.loss == pytest.approx(loss, rel=1e-5)
    largest = max(float(grad.abs().max()) for grad in expected.values())
    assert largest > 1e-3
    for name, grad in expected.items():
        assert torch.allclose(found[name], grad, rtol=1e-4, atol=1e-5 * max(1.0, largest)), name


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma2"])
@pytest.mark.parametrize("micro_tokens", [4096, 60])
def test_the_gradient_of_an_anchor_is_that_of_the_divergence(kind, micro_tokens):
    module, rows = module_with_lora(kind)
    rows = [replace(row, anchored=i % 3 != 0) for i, row in enumerate(rows)]  # within groups and across them
    before = {name: weight.detach() * 0.5 for name, weight in parameters(module)}

    @contextmanager
    def as_before():
        now = {name: weight.data for name, weight in parameters(module)}
        for name, weight in parameters(module):
            weight.data = before[name]
        yield
        for name, weight in parameters(module):
            weight.data = now[name]

    def log_probs(row):
        return module(input_ids=torch.tensor([row.tokens]), use_cache=False).logits[0].float().log_softmax(-1)

    total = sum(row.weight for row in rows)
    parts = {True: 0.0, False: 0.0}
    for row in rows:
        said = log_probs(row)[row.start - 1 : -1]
        with torch.no_grad(), as_before():
            would = log_probs(row)[row.start - 1 : -1]
        each = (
            (would.exp() * (would - said)).sum(1) if row.anchored else -said[range(len(said)), row.tokens[row.start :]]
        )
        parts[row.anchored] = parts[row.anchored] + row.weight * each.mean()
    loss = (parts[True] + parts[False]) / total
    loss.backward()
    expected = gradients(module)

    readout = Readout(module)
    cost = Gradient(readout, micro_tokens=micro_tokens, old=OldSelf(readout, as_before, micro_tokens=micro_tokens)).add(
        rows
    )
    found = gradients(module)
    anchored = sum(row.weight for row in rows if row.anchored)
    assert cost.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    assert cost.drift == pytest.approx(float(parts[True].detach()) / anchored, rel=1e-4)
    assert cost.taught == pytest.approx(float(parts[False].detach()) / (total - anchored), rel=1e-5)
    largest = max(float(grad.abs().max()) for grad in expected.values())
    for name, grad in expected.items():
        assert torch.allclose(found[name], grad, rtol=1e-4, atol=1e-5 * max(1.0, largest)), name


def test_sharing_computes_fewer_tokens_and_only_counts_what_is_learned():
    module, rows = module_with_lora("llama")
    shared = Gradient(Readout(module), micro_tokens=4096).add(rows)
    whole = Gradient(Readout(module), micro_tokens=4096, share_prefix=False).add(rows)
    assert shared.computed < 0.6 * whole.computed
    assert shared.tokens == whole.tokens == sum(len(row.tokens) for row in rows)
    assert shared.learned == sum(len(row.tokens) - row.start for row in rows)


def test_frozen_weights_get_no_gradient():
    module, rows = module_with_lora("llama")
    Gradient(Readout(module), micro_tokens=4096).add(rows)
    assert all(weight.grad is None for name, weight in module.named_parameters() if "lora_" not in name)


def test_passes_side_by_side_give_the_same_bits_each_time_and_the_gradient_of_one_after_the_other():
    module, rows = module_with_lora("llama")
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 2):
            torch.set_num_threads(threads)
            Gradient(Readout(module), micro_tokens=120).add(rows)
            found.append(gradients(module))
    finally:
        torch.set_num_threads(before)
    for name, grad in found[0].items():
        assert torch.allclose(grad, found[1][name], atol=1e-6), name
        assert torch.equal(found[1][name], found[2][name]), name

from __future__ import annotations

import math

import pytest

from nightschool.drive import Drive
from nightschool.errors import ModelError, Unsupported
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.sleep.gate.text_loss import TextLoss, text_loss
from support.tiny_models import tiny_model_folder


def coin(prompt: str, written: str) -> dict[str, float]:
    return {"a": 0.5, "b": 0.25, "": 0.25}


def test_the_loss_is_that_of_the_distribution():
    loss = text_loss(Drive(Scripted(rule=coin)), ["aaaa", "ab", "bb"])
    assert loss.tokens == (4, 2, 2)
    assert loss.nats == pytest.approx([math.log(2), 1.5 * math.log(2), 2 * math.log(2)])
    assert loss.mean == pytest.approx((4 + 3 + 4) / 8 * math.log(2))


def test_a_mean_is_by_tokens():
    assert TextLoss((1.0, 4.0), (30, 10)).mean == 1.75


def test_a_chunk_that_cannot_be_read_is_an_error_not_a_gap():
    model = Scripted(rule=coin, faults=lambda ask: "refuse")
    with pytest.raises(ModelError, match="chunk 0"):
        text_loss(Drive(model), ["ab"])


def test_a_model_that_cannot_weigh_is_told_so():
    with pytest.raises(Unsupported, match="weigh"):
        text_loss(Drive(Scripted(rule=coin, lacks=frozenset({Ability.WEIGH}))), ["ab"])


def test_a_local_model_reads_as_its_plain_forward_does_and_an_adapter_changes_what_it_finds_likely(tmp_path):
    import torch

    from nightschool.items import Lesson, Prompt
    from nightschool.models.local.model import LocalModel
    from nightschool.train.lora import Learner
    from nightschool.train.settings import LoraSettings

    folder = tiny_model_folder(tmp_path, "llama")
    model = LocalModel.from_folder(folder, name="tiny", dtype="float32", memory_mb=64)
    drive = Drive(model)
    texts = ["the rain in spain", "it was the best of times, it was the worst of times"]
    before = text_loss(drive, texts)
    module = model.fresh_module()
    for text, nats in zip(texts, before.nats, strict=True):
        ids = torch.tensor([[*model.encode(Prompt(text="")), *model.encode_segment(text)]])
        plain = module(ids, labels=ids).loss
        assert nats == pytest.approx(float(plain), rel=1e-4)

    learner = Learner.fresh(model, LoraSettings(rank=4, rate=5e-3, anchored=False), seed=1)
    lesson = Lesson(Prompt(text=texts[0][:3]), texts[0][3:], "rehearsal", ended=False)
    for _ in range(20):
        info = learner.step([lesson])
    adapter = learner.save(tmp_path / "adapters")
    model.load_adapter(adapter)
    after = text_loss(drive, texts, adapter.name)
    assert after.nats[0] < 0.5 * before.nats[0]
    assert info.loss < 0.5 * before.nats[0]
    assert text_loss(drive, texts).nats == pytest.approx(before.nats, abs=1e-5)  # the bare weights stayed as they were

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
import torch
from peft import PeftModel

from nightschool.errors import BadFile, NotANumber, PromptTooLong, UsageError
from nightschool.items import Lesson, Prompt
from nightschool.train.adapter_folder import read_weights
from nightschool.train.examples import encode_lesson
from nightschool.train.lora import Learner
from nightschool.train.low_rank import weights
from nightschool.train.settings import LoraSettings, rate_for
from support.pupils import Pupil, lessons, rehearsals

SETTINGS = LoraSettings(rank=4, rate=5e-3, warmup_steps=2)


def batch(step: int) -> list[Lesson]:
    return random.Random(step).sample(lessons(8), 4) + rehearsals(2)


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_its_lessons():
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS, seed=1)
    losses = [learner.step(lessons(6)).loss for _ in range(40)]
    assert losses[-1] < 0.3 * losses[0]
    assert learner.steps == 40


def test_the_start_depends_on_the_seed_alone_and_changes_nothing_yet():
    pupil = Pupil()
    torch.manual_seed(1)
    one = Learner.fresh(pupil, SETTINGS, seed=1)
    torch.manual_seed(2)
    again, other = Learner.fresh(pupil, SETTINGS, seed=1), Learner.fresh(pupil, SETTINGS, seed=2)
    assert same(weights(one.module), weights(again.module))
    assert not same(weights(one.module), weights(other.module))
    ids = torch.arange(12)[None]
    assert torch.equal(one.module(ids).logits, pupil.module(ids).logits)


@pytest.mark.parametrize("killed_after", [0, 1, 3])
def test_resuming_ends_at_the_same_weights_to_the_last_bit(tmp_path, killed_after):
    pupil = Pupil()
    whole = Learner.fresh(pupil, SETTINGS, seed=1)
    for step in range(5):
        whole.step(batch(step))

    cut = Learner.fresh(pupil, SETTINGS, seed=1)
    for step in range(killed_after):
        cut.step(batch(step))
    cut.checkpoint(tmp_path / "learner")
    cut.step(batch(99))  # what came after the checkpoint is lost

    resumed = Learner.resume(Pupil(), tmp_path / "learner")
    assert resumed.steps == killed_after
    for step in range(killed_after, 5):
        resumed.step(batch(step))
    assert same(weights(resumed.module), weights(whole.module))
    assert resumed.save(tmp_path / "a").name == whole.save(tmp_path / "b").name


def test_what_is_rehearsed_holds_the_new_self_to_the_one_that_began(tmp_path):
    pupil = Pupil()
    first = Learner.fresh(pupil, SETTINGS, seed=1)
    assert first.step(rehearsals(3)).norm < 1e-5  # nothing has changed, and nothing pulls
    for _ in range(4):
        first.step(lessons(3))
    adapter = first.save(tmp_path)
    assert first.step(rehearsals(3)).drift > 1e-4

    heir = Learner.fresh(pupil, SETTINGS, seed=2, start=adapter)
    assert heir.step(rehearsals(3)).norm < 1e-5  # its old self is the one that it began from
    heir.step(lessons(3))
    heir.checkpoint(tmp_path / "learner")
    resumed = Learner.resume(pupil, tmp_path / "learner")
    drift = heir.step(rehearsals(3)).drift
    assert drift > 1e-5
    assert resumed.step(rehearsals(3)).drift == drift


def test_an_anchor_keeps_more_of_the_old_self_than_its_words_do():
    kept = {}
    for anchored in (True, False):
        pupil = Pupil()
        learner = Learner.fresh(pupil, replace(SETTINGS, anchored=anchored), seed=1)
        for _ in range(30):
            learner.step(lessons(6) + rehearsals(6))
        ids = torch.tensor([encode_lesson(pupil, rehearsals(9)[-1]).tokens])
        old, new = (m(ids).logits.log_softmax(-1) for m in (pupil.module, learner.module))
        kept[anchored] = float((old.exp() * (old - new)).sum(-1).mean().detach())
    assert kept[True] < 0.5 * kept[False]


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks transformers by an old name
def test_peft_loads_what_was_saved_and_computes_the_same(tmp_path):
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS, seed=1)
    for step in range(4):
        learner.step(batch(step))
    adapter = learner.save(tmp_path)
    theirs = PeftModel.from_pretrained(pupil.fresh_module(), adapter.path)
    ids = torch.tensor([encode_lesson(pupil, lessons(1)[0]).tokens])
    ours = learner.module(ids).logits
    assert torch.allclose(theirs(ids).logits, ours, atol=1e-4)
    assert not torch.allclose(pupil.module(ids).logits, ours, atol=1e-2)


def test_an_adapter_is_named_by_its_content(tmp_path):
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS, seed=1)
    learner.step(lessons(3))
    first, again = learner.save(tmp_path), learner.save(tmp_path)
    assert first == again
    assert first.base == pupil.identity
    learner.step(lessons(3))
    assert learner.save(tmp_path).name != first.name
    assert len(list(tmp_path.iterdir())) == 2


def test_it_continues_from_an_adapter(tmp_path):
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS, seed=1)
    learner.step(lessons(3))
    learner.step(lessons(3))
    adapter = learner.save(tmp_path)
    heir = Learner.fresh(pupil, SETTINGS, seed=9, start=adapter)
    assert same(weights(heir.module), read_weights(adapter))
    with pytest.raises(BadFile, match="another rank"):
        Learner.fresh(pupil, LoraSettings(rank=8), start=adapter)
    with pytest.raises(BadFile, match="another model"):
        Learner.fresh(Pupil("qwen2"), SETTINGS, start=adapter)


def test_the_answer_and_the_end_of_the_turn_are_learned_but_not_the_end_of_text_that_was_cut():
    pupil = Pupil()
    lesson = lessons(1)[0]
    example = encode_lesson(pupil, lesson)
    assert pupil.tokenizer.decode(example.tokens[example.start :]) == lesson.answer + "<|im_end|>"
    cut = rehearsals(2)[1]
    example = encode_lesson(pupil, cut)
    assert pupil.tokenizer.decode(example.tokens[example.start :]) == cut.answer


def test_lessons_weigh_what_they_say():
    pupil = Pupil()
    easy, hard = lessons(2)
    light = Lesson(hard.prompt, hard.answer, "practice", hard.keys, weight=1e-9)
    alone = Learner.fresh(pupil, SETTINGS, seed=1).step([easy]).loss
    assert Learner.fresh(pupil, SETTINGS, seed=1).step([easy, light]).loss == pytest.approx(alone, rel=1e-5)


def test_the_rate_warms_up_and_follows_the_size():
    settings = LoraSettings(warmup_steps=3)
    rates = [settings.rate_at(step, 576) for step in range(6)]
    assert rates == pytest.approx([7e-4 * k / 4 for k in (1, 2, 3, 4, 4, 4)])
    assert rate_for(2304) == pytest.approx(3.5e-4)


def test_seconds_come_from_the_clock_that_was_given():
    ticks = itertools.count(0.0, 2.5)
    assert Learner.fresh(Pupil(), SETTINGS, clock=lambda: next(ticks)).step(lessons(2)).seconds == 2.5


def test_what_cannot_be_learned_is_said(tmp_path):
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS)
    with pytest.raises(UsageError, match="needs lessons"):
        learner.step([])
    with pytest.raises(PromptTooLong, match="512"):
        learner.step([Lesson(Prompt(text="a"), "b" * 600, "rehearsal")])
    with pytest.raises(UsageError, match="above 0"):
        LoraSettings(rank=0)
    (tmp_path / "cut").write_bytes(b"not a checkpoint")
    with pytest.raises(BadFile, match="cannot resume"):
        Learner.resume(pupil, tmp_path / "cut")


def test_a_loss_that_is_no_number_changes_nothing():
    pupil = Pupil()
    learner = Learner.fresh(pupil, SETTINGS)
    learner.step(lessons(2))
    before = {name: value.clone() for name, value in weights(learner.module).items()}
    healthy = learner.module.model.norm.weight.data.clone()
    learner.module.model.norm.weight.data.fill_(float("nan"))
    with pytest.raises(NotANumber):
        learner.step(lessons(2))
    learner.module.model.norm.weight.data.copy_(healthy)
    assert same(weights(learner.module), before)
    assert learner.steps == 1

from __future__ import annotations

import pytest
import torch

from nightschool.asks import Weigh
from nightschool.errors import Unsupported, UsageError
from nightschool.items import Lesson, Prefix, Prompt, Segment
from nightschool.models.local.model import LocalModel
from nightschool.train.scratch import Schooling, Size, byte_tokenizer, grown, newborn
from nightschool.train.tuner import WAYS, Course, Tuner, identity_of, tune
from support.local_runs import finish
from support.pupils import practice_items

COURSE = Course(rounds=1, batch=4, least_steps=12, tokens=3)


@pytest.fixture(scope="module")
def model() -> LocalModel:
    module = newborn(Size(16, 2, 2, 64), byte_tokenizer())
    return grown(module, byte_tokenizer(), "small", Schooling(), "nothing")


@pytest.fixture(scope="module")
def lessons() -> list[Lesson]:
    return [Lesson(Prompt(text=f"say {i.target}:"), "yes", "expert", frozenset((i.key,))) for i in practice_items(6)]


def logp(model: LocalModel) -> float:
    reply = finish(model, [Weigh("w", Prefix(Prompt(text="say 7:")), (Segment("yes"),))])["w"]
    return float(reply.segments[0].logp)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks transformers by an old name
def test_each_way_learns_and_leaves_the_model_as_it_was(way, model, lessons):
    before = logp(model)
    pupil = tune(model, way, lessons, seed=1, course=COURSE)
    assert logp(pupil) > before + 0.02  # a soft prompt of three tokens learns slowly
    assert logp(model) == pytest.approx(before, abs=1e-5)
    assert pupil.identity == identity_of(model.identity, way, lessons, COURSE, 1) != model.identity
    again = tune(model, way, lessons, seed=1, course=COURSE)
    assert logp(again) == pytest.approx(logp(pupil), abs=1e-5)


def test_a_soft_prompt_stands_before_every_prompt_and_has_no_text(model, lessons):
    pupil = tune(model, "soft-prompt", lessons, course=COURSE)
    plain, soft = model.encode(Prompt(text="ab")), pupil.encode(Prompt(text="ab"))
    assert soft[3:] == plain
    assert min(soft[:3]) >= len(byte_tokenizer())
    assert pupil.decode(soft) == "ab"


def test_biases_learn_alone_and_are_added_where_there_are_none(model, lessons):
    tuner = Tuner(model, "bias-only", lessons, COURSE, 0)
    assert tuner.added
    assert all(parameter.dim() == 1 for parameter in tuner.learned)
    frozen = {name: p.detach().clone() for name, p in tuner.module.named_parameters() if p.dim() > 1}
    tuner.step(lessons)
    now = dict(tuner.module.named_parameters())
    assert all(torch.equal(now[name], value) for name, value in frozen.items())


@pytest.mark.parametrize("way", ["bias-only", "full-tuning"])
def test_what_learns_in_bfloat16_is_moved_in_float32(way, lessons):
    narrow = newborn(Size(16, 2, 2, 64), byte_tokenizer()).to(torch.bfloat16)
    model = grown(narrow, byte_tokenizer(), "narrow", Schooling(), "nothing")
    before = logp(model)
    assert logp(tune(model, way, lessons, seed=1, course=COURSE)) > before + 0.02
    tuner = Tuner(model, way, lessons, Course(rate=1e-3), 0)
    live, own = tuner.learned, tuner._masters.own
    assert {each.dtype for each in live} == {torch.bfloat16}
    assert {each.dtype for each in own} == {torch.float32}
    started = [each.detach().clone() for each in own]
    for _ in range(3):
        tuner.step(lessons)
    # steps far below what bfloat16 can tell from nothing add up
    assert any(((now - then).abs() > 0).any() for now, then in zip(own, started, strict=True))
    assert all(torch.equal(one, other.to(torch.bfloat16)) for one, other in zip(live, own, strict=True))
    assert all(each.grad is None for each in live)


def test_what_makes_no_sense_is_refused(model, lessons):
    with pytest.raises(Unsupported, match="no way of tuning called 'magic'"):
        tune(model, "magic", lessons, course=COURSE)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="needs lessons"):
        tune(model, "full-tuning", [], course=COURSE)
    with pytest.raises(UsageError, match="at least 1"):
        Course(batch=0)

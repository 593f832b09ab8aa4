"""A whole day on real weights: a tiny random llama, its own sampling, real gradient steps, a real night."""

from __future__ import annotations

import json
import string
from dataclasses import replace

import pytest

from nightschool.day.practise import Practice
from nightschool.day.purse import Purse
from nightschool.day.run import Day, run_day
from nightschool.day.settings import DaySettings
from nightschool.day.term import TermPlan
from nightschool.errors import StopRequested
from nightschool.items import Item, Noise, Verdict, Wording
from nightschool.models.local.model import LocalModel
from nightschool.ports import Sight
from nightschool.sleep.nights.ledger import Ledger
from nightschool.train.adapter_name import name_of
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings
from support.learning import Listening
from support.tiny_models import tiny_model_folder
from support.tiny_worlds import Doubling

WORDING = Wording("plain", "words", user="Say {number}.", stop=tuple(string.ascii_letters))


class Short:
    """Passes an answer with a digit or a sign in it: what a random model says now and then."""

    name = "short"
    sight = Sight.VERIFIER

    def judge(self, item: Item, answer: str) -> Verdict:
        return Verdict.of(any("!" <= letter < "A" for letter in answer), "a digit or a sign was wanted")


class Signs(Doubling):
    """An easy world for a model that knows nothing."""

    spec = "signs"
    max_answer_tokens = 12

    def __init__(self) -> None:
        super().__init__(wordings=(WORDING,))
        self.verifier = self.reference = Short()

    def babble(self, item: Item, noise: Noise) -> str:
        return chr(32 + noise.key() % 90)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "llama", sharpness=2.0)


def day_of(folder, nights, *, stage=None, resume=False):
    model = LocalModel.from_folder(folder, name="tiny", identity="tiny-llama", dtype="float32")
    settings = LoraSettings(rank=4, rate=2e-2, warmup_steps=1)

    def begin(checkpoint):
        if checkpoint is not None:
            return Learner.resume(model, checkpoint)
        return Learner.fresh(model, settings, seed=0)

    def at(name):
        if stage is not None and name.startswith(stage):
            raise StopRequested("ctrl-c")

    plan = DaySettings(
        exam_items=8,
        tune_items=12,
        rungs=(),
        shots=(0,),
        practice=Practice(items=6, draws=4, look_items=4, look_draws=4),
        term=TermPlan(rounds=2, steps=2, batch=4, rehearsal=0.0, settle=2),
        watched=(),
        text_tokens=600,
    )
    return Day(
        world=Signs(),
        drive=Purse(model),
        settings=plan,
        watched=(),
        ledger=Ledger(nights),
        watch=Listening(at),
        now="2026-01-02T03:04:05+00:00",
        begin=begin,
        resume=resume,
    )


def test_a_day_from_exam_to_exam(folder, tmp_path):
    day = day_of(folder, tmp_path / "nights")
    report = run_day(day)
    assert not report.partial
    told = report.to_json()
    json.dumps(told, allow_nan=False)
    assert told["before"]["n"] == told["after"]["n"] == 8
    assert told["practice"]["solved"] > 0
    assert told["sleep"]["steps"] == 2 * len(told["practice"]["rounds"]) + 2
    assert len(told["sleep"]["losses"]) == told["sleep"]["steps"]
    [watched] = told["watched"]
    assert watched["before"] != watched["after"]  # the text was read with the weights of the night
    night = report.night
    kept = day.ledger.adapter(night)
    assert kept.name == told["sleep"]["adapter"] == name_of(tmp_path / "nights" / "adapters" / kept.name, "tiny-llama")
    current = day.ledger.current("tiny-llama")
    assert (current is not None) is night.accepted
    assert report.after.way.adapter == kept.name


def test_an_interrupted_day_goes_on_to_the_same_weights(folder, tmp_path):
    whole = run_day(day_of(folder, tmp_path / "whole"))
    cut = run_day(day_of(folder, tmp_path / "cut", stage="lessons, round 2"))
    assert cut.partial
    day = day_of(folder, tmp_path / "cut", resume=True)
    again = run_day(day)
    assert any("resuming" in said for said in day.watch.said)
    assert again.term.adapter.name == whole.term.adapter.name
    assert replace(again.night, created="") == replace(whole.night, created="")

"""The whole day with a model that learns by counting."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from nightschool.day.own_examples import own_examples
from nightschool.day.practise import Practice
from nightschool.day.purse import Purse
from nightschool.day.run import Day, run_day, run_night
from nightschool.day.settings import DaySettings
from nightschool.day.term import TermPlan
from nightschool.drive import Budget
from nightschool.errors import StopRequested, UnknownName, Unsupported
from nightschool.items import Split, split_of
from nightschool.ports import Ability
from nightschool.sleep.nights.ledger import Ledger
from nightschool.worlds.sorting import Sorting
from support.learning import LIST, Counters, Listening, Studying, climbing, sorter, texts

WORLD = Sorting(n=4)
SETTINGS = {
    "exam_items": 30,
    "tune_items": 30,
    "rungs": ("control",),
    "rung_items": 6,
    "practice": Practice(items=8, draws=4, look_items=6, look_draws=4),
    "term": TermPlan(rounds=5, steps=2, batch=4, rehearsal=0.0),
    "watched": (),
    "watched_items": 30,
    "text_tokens": 0,
    "understood_items": 0,
}


def day_of(tmp_path, model=None, *, budget=None, world=WORLD, stage=None, **changes):
    own = {key: changes.pop(key) for key in ("begin", "wakes", "resume", "watched_worlds") if key in changes}
    model = model or Studying()

    def at(name):
        if stage is not None and name.startswith(stage):
            raise StopRequested("ctrl-c")

    watch = Listening(at)
    return Day(
        world=world,
        drive=Purse(model, budget),
        settings=DaySettings(**SETTINGS | changes),
        watched=own.pop("watched_worlds", ()),
        ledger=Ledger(tmp_path / "nights"),
        watch=watch,
        now="2026-01-02T03:04:05+00:00",
        begin=own.pop("begin", Counters()),
        **own,
    )


def forgetful(steps):
    """Say what gets worse at four numbers with every step: it learns, and the gate refuses it."""
    return sorter(lambda asked: 0.4 if len(asked) < 4 else 0.6 if steps == 0 else 0.1)


def stuck(steps):
    """Solve three digits now and then, whatever was learned."""
    return climbing(0)


def test_a_night_that_makes_it_better_is_accepted_and_woken(tmp_path):
    day = day_of(tmp_path)
    report = run_day(day)
    assert report.before.accuracy == 0.0
    assert report.after.accuracy == 1.0
    assert report.change.p_value < 0.001
    assert report.decision.accepted
    current = day.ledger.current("studying")
    assert current is not None
    assert current.name == report.night.name
    assert current.adapter == report.term.adapter.name == day.adapter
    assert day.ledger.adapter(current).name == current.adapter
    assert not report.partial
    assert not day.ledger.is_unfinished(day.key)


def test_every_way_of_the_morning_is_compared_with_the_plain_question(tmp_path):
    ladder = run_day(day_of(tmp_path, rungs=("control", "few-shot:k=1"))).ladder
    assert {each.first for each in ladder.comparisons} == {"zero-shot"}
    assert {each.second: each.n for each in ladder.comparisons}["few-shot/k=1"] == 6
    assert ladder.row("zero-shot").n == 30


@pytest.mark.parametrize("learned", [stuck, forgetful])
def test_a_night_that_is_rolled_back_changes_nothing_and_is_reported(tmp_path, learned):
    day = day_of(tmp_path, Studying(learned))
    report = run_day(day)
    assert not report.decision.accepted
    assert "rolled back" in report.decision.reason
    assert day.ledger.current("studying") is None
    assert day.adapter is None
    assert report.after is not None
    assert report.after.way.adapter == report.term.adapter.name
    assert [night.accepted for night in day.ledger.nights()] == [False]


def test_a_refused_night_leaves_the_night_before_in_force(tmp_path):
    first = day_of(tmp_path)
    run_day(first)
    old = first.ledger.current("studying")
    model = Studying(lambda steps: climbing(steps) if steps <= 16 else "no")
    model.load_adapter(first.ledger.adapter(old))

    class Later(Counters):
        def __call__(self, checkpoint):
            pupil = super().__call__(checkpoint)
            pupil.seen = pupil.seen or json.loads(json.dumps(first.begin.begun[0].seen))
            return pupil

    day = day_of(tmp_path, model, wakes=old, begin=Later(), target=0.5)
    report = run_day(day)
    assert report.before.accuracy == 1.0
    assert not report.decision.accepted
    assert day.ledger.current("studying") == old
    assert day.adapter == old.adapter
    assert report.night.parent == old.name
    assert day.mind is not None
    assert (day.mind.night, day.mind.adapter.name) == (old.name, old.adapter)


def test_something_watched_that_is_lost_rolls_the_night_back(tmp_path):
    other = Sorting(n=2, low=0, high=999)

    def four(prompt):
        return len(LIST.findall(prompt)[-1].split(", ")) > 2

    def two(steps):
        def answer(prompt):
            if LIST.search(prompt) and not four(prompt):
                return sorter(lambda asked: 0.0 if steps else float(sum(asked) % 10 < 8))(prompt)
            return climbing(steps)(prompt)

        return answer

    day = day_of(
        tmp_path, Studying(two), watched_worlds=((other, other.wordings[0]),), watched_items=260, tune_items=60
    )
    report = run_day(day)
    assert not report.decision.accepted
    assert other.spec in report.decision.reason
    assert day.ledger.current("studying") is None


def test_no_night_where_nothing_is_solved(tmp_path):
    begin = Counters()
    day = day_of(tmp_path, Studying(lambda steps: "I cannot"), begin=begin)
    report = run_day(day)
    told = report.to_json()
    assert not begin.begun
    assert report.night is None
    assert day.ledger.nights() == []
    assert told["after"] is None
    assert told["gate"]["accepted"] is False
    for hint in ("solved nothing", "easier level", "wording", "--draws", "larger model", "--teacher expert"):
        assert hint in told["gate"]["reason"]
    failures = report.to_page()["failures"]
    assert failures
    assert all(each["answer"] == "I cannot" and each["feedback"] for each in failures)


def test_neither_exam_nor_tune_items_reach_an_example_or_a_lesson(tmp_path):
    model, begin = Studying(), Counters()
    day = day_of(tmp_path, model, begin=begin, rungs=("control", "few-shot", "search:n=4"), target=0.5)
    run_day(day)
    kept_out = {
        text
        for level in WORLD.levels()
        for split in (Split.EXAM, Split.TUNE)
        for text in texts(level.items(split, 120))
    }
    truths = {item.target for split in (Split.EXAM, Split.TUNE) for item in WORLD.items(split, 120)}
    with_examples = 0
    for ask in model.asked:
        prompt = ask.prefix.prompt
        assert all(split_of(key) is Split.PRACTICE for key in prompt.keys)
        *shown, _ = LIST.findall(str(prompt)) or [""]
        with_examples += bool(shown)
        assert not set(shown) & (kept_out | truths)
    assert with_examples
    assert begin.lessons
    for lesson in begin.lessons:
        assert not {*LIST.findall(str(lesson.prompt)), *LIST.findall(lesson.answer)} & (kept_out | truths)


@pytest.mark.parametrize("tokens", [500, 3_000, 9_000, 15_000])
def test_a_budget_over_the_whole_day_is_never_overspent(tmp_path, tokens):
    model = Studying()
    day = day_of(tmp_path, model, budget=Budget(tokens=tokens), target=0.5)
    report = run_day(day)
    assert model.spent <= tokens
    json.dumps(report.to_json(), allow_nan=False)
    report.to_page()


@pytest.mark.parametrize("calls", [60, 125])
def test_a_night_that_could_not_be_looked_at_is_never_kept(tmp_path, calls):
    """Where the budget ends before the gate has seen all, it refuses; that is said, and the report is there."""
    other = Sorting(n=2)
    model = Studying()
    day = day_of(
        tmp_path,
        model,
        budget=Budget(calls=calls),
        text_tokens=2_000,
        watched_worlds=((other, other.wordings[0]),),
        exam_items=4,
        rungs=(),
    )
    report = run_day(day)
    assert len(model.asked) <= calls
    assert day.ledger.current("studying") is None
    assert report.to_json()["gate"]["accepted"] is False


@pytest.mark.parametrize("tokens", [1_500, 3_000, 9_000])
def test_a_budget_leaves_enough_for_the_gate_and_the_evening(tmp_path, tokens):
    model = Studying()
    day = day_of(tmp_path, model, budget=Budget(tokens=tokens))
    report = run_day(day)
    assert model.spent <= tokens
    if report.night is None:
        assert report.to_json()["practice"]["stopped"] == "budget"
        assert "the budget was used up" in report.to_json()["gate"]["reason"]
    else:
        assert report.night.accepted
        assert report.after.n == report.before.n
    assert (report.night is None) == (tokens == 1_500)


def test_calls_of_the_whole_day_are_never_overspent(tmp_path):
    model = Studying()
    run_day(day_of(tmp_path, model, budget=Budget(calls=100)))
    assert 0 < len(model.asked) <= 100


@pytest.mark.parametrize(
    ("stage", "has"),
    [("exam before: control", "before"), ("practice, round 1", "before"), ("lessons, round 2", "before")],
)
def test_ctrl_c_leaves_what_was_done(tmp_path, stage, has):
    day = day_of(tmp_path, stage=stage)
    report = run_day(day)
    told = report.to_json()
    assert told["partial"] is True
    assert told[has] is not None
    assert told["after"] is None
    assert told["gate"]["accepted"] is False
    assert any("interrupted" in note for note in told["notes"])
    assert day.ledger.nights() == []
    assert day.ledger.is_unfinished(day.key) is (stage == "lessons, round 2")


def test_what_was_practised_before_ctrl_c_is_reported(tmp_path):
    report = run_day(day_of(tmp_path, stage="lessons, round 3"))
    assert len(report.to_json()["practice"]["rounds"]) == 2


def test_resume_goes_on_to_the_same_weights(tmp_path):
    whole = run_night(day_of(tmp_path / "whole"))
    cut = day_of(tmp_path / "cut", stage="lessons, round 3")
    assert run_night(cut).partial
    begin = Counters()
    again = day_of(tmp_path / "cut", resume=True, begin=begin)
    report = run_night(again)
    assert any("resuming" in said for said in again.watch.said)
    assert len(begin.begun[0].seen) == whole.term.steps
    assert len(begin.lessons) < 4 * whole.term.steps
    assert report.term.adapter.name == whole.term.adapter.name
    assert report.night.name == whole.night.name


def test_without_resume_it_begins_anew(tmp_path):
    run_night(day_of(tmp_path, stage="lessons, round 3"))
    day = day_of(tmp_path)
    report = run_night(day)
    assert not any("resuming" in said for said in day.watch.said)
    assert len(day.begin.lessons) == 4 * report.term.steps


def test_more_time_goes_on_with_the_same_night(tmp_path):
    short = TermPlan(rounds=5, steps=2, batch=4, rehearsal=0.0, seconds=500.0)
    run_night(day_of(tmp_path, stage="lessons, round 3", term=short))
    day = day_of(tmp_path, resume=True)
    run_night(day)
    assert any("resuming" in said for said in day.watch.said)


def test_a_resume_with_nothing_to_resume_says_so(tmp_path):
    day = day_of(tmp_path, resume=True)
    run_night(day)
    assert any("no interrupted night" in said for said in day.watch.said)


def test_the_same_seed_gives_the_same_day_whatever_the_process_rolled(tmp_path):
    random.seed(1)
    one = run_day(day_of(tmp_path / "1"))
    random.seed(2)
    two = run_day(day_of(tmp_path / "2"))
    assert one.night.name == two.night.name
    assert one.after.outcomes() == two.after.outcomes()


def test_a_model_that_cannot_train_uses_its_own_verified_answers(tmp_path):
    model = Studying(lambda steps: shown_how)
    model.abilities = model.abilities - {Ability.TRAIN}
    day = day_of(tmp_path, model, begin=None, target=0.5, exam_items=60)
    report = run_day(day)
    assert 1 <= len(day.own) <= 3
    assert day.ledger.nights() == []
    assert report.night is None
    assert any("cannot be trained" in note for note in report.notes)
    assert report.before.accuracy < 0.5
    assert report.after.accuracy == 1.0
    asked = [ask.prefix.prompt for ask in model.asked if ask.prefix.prompt.keys]
    for example in day.own:
        assert example.split is Split.PRACTICE
        assert WORLD.verifier.judge(example.blind(), example.target).passed
        assert any(example.key in prompt.keys for prompt in asked)
    assert day.mind is not None
    assert {each.id for each in day.mind.examples} <= {each.id for each in day.own} | {
        each.id for each in WORLD.items(Split.PRACTICE, 10)
    }


def shown_how(prompt):
    """Sort always after an example, else one time in three."""
    return sorter(lambda asked: 1.0 if len(LIST.findall(prompt)) > 1 else 0.3)(prompt)


def test_own_examples_are_the_models_words(tmp_path):
    model = Studying(lambda steps: sorter(lambda asked: 0.5))
    day = day_of(tmp_path, model, begin=None)
    run_day(day)
    assert own_examples([]) == []
    assert all(each.target == ", ".join(map(str, sorted(map(int, each.target.split(", "))))) for each in day.own)


def test_the_night_is_recommended_where_it_is_the_cheapest_way(tmp_path):
    day = day_of(tmp_path, target=0.8)
    report = run_day(day)
    assert report.advice.reached
    assert report.advice.offer.night
    assert report.advice.offer.rung == "zero-shot"
    assert day.mind.adapter.name == report.term.adapter.name
    assert day.mind.night == report.night.name
    assert day.mind.task == WORLD.spec


def test_a_recommendation_that_fails_does_not_take_the_report_with_it(tmp_path, monkeypatch):
    def fails(*_):
        raise ValueError("no such number")

    monkeypatch.setattr("nightschool.day.advise.recommend", fails)
    report = run_day(day_of(tmp_path, target=0.8))
    assert report.change is not None
    assert not report.partial
    assert report.advice is None
    assert report.notes[-1] == "there is no recommendation, because it failed: ValueError: no such number"


def test_a_way_measured_before_the_night_wakes_the_night_before(tmp_path):
    first = day_of(tmp_path)
    run_day(first)
    old = first.ledger.current("studying")
    seen = first.begin.begun[0].seen

    def better(steps):
        """Sort always after an example; without, now and then, and after this night seven lists of ten."""
        return shown_how if steps <= len(seen) else sorter(lambda asked: 1.0 if sum(asked) % 10 < 7 else 0.0)

    class Later(Counters):
        def __call__(self, checkpoint):
            pupil = super().__call__(checkpoint)
            pupil.seen = pupil.seen or list(seen)
            return pupil

    model = Studying(better)
    model.load_adapter(first.ledger.adapter(old))
    plan = TermPlan(rounds=2, steps=2, batch=4, rehearsal=0.0)
    day = day_of(tmp_path, model, wakes=old, begin=Later(), target=0.9, exam_items=60, tune_items=60, term=plan)
    report = run_day(day)
    assert report.decision.accepted
    assert (report.advice.offer.rung, report.advice.offer.night) == ("few-shot", False)
    assert (day.mind.night, day.mind.adapter.name) == (old.name, old.adapter)


def test_what_cannot_be_done_is_said_before_anything_runs(tmp_path):
    with pytest.raises(UnknownName, match="plane"):
        day_of(tmp_path, wording="plane")


def test_a_world_without_an_expert_cannot_teach(tmp_path):
    world = Sorting(n=3)
    world.expert = None
    with pytest.raises(Unsupported, match="no expert"):
        run_day(day_of(tmp_path, world=world, teacher="expert"))


def test_time_is_told_by_stage(tmp_path):
    clock = itertools.count()
    day = day_of(tmp_path, understood_items=4)
    day.clock = lambda: float(next(clock))
    report = run_day(day)
    assert list(report.seconds) == [
        "exam before", "watch before", "rehearsal", "practice and lessons", "watch after", "exam after",
        "by heart, or understood",
    ]  # fmt: skip
    assert all(seconds > 0 for seconds in report.seconds.values())

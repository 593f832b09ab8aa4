"""A term: it climbs, learns only what it may, and a kill changes nothing of what comes out."""

from __future__ import annotations

import pytest

from nightschool.day.curriculum import Curriculum, Place
from nightschool.day.practise import Classroom, Practice
from nightschool.day.school import School, hold_term
from nightschool.day.term import Term, TermPlan, read_term
from nightschool.drive import Drive
from nightschool.errors import Leak, NightError, StopRequested
from nightschool.items import Lesson, Prompt, Split, Verdict, split_of
from nightschool.ports import Sight
from nightschool.worlds.sorting import Sorter, Sorting
from support.learning import LIST, Counters, Listening, Studying, climbing, texts

WORLD = Sorting(n=4)
PRACTICE = Practice(items=8, draws=4, look_items=6, look_draws=4)
PLAN = TermPlan(rounds=5, steps=2, batch=4, settle=3)
REHEARSAL = [Lesson(Prompt(text=f"{day} days ago"), " it rained", "rehearsal") for day in range(5)]


def school(folder, model=None, **changes):
    model = model or Studying()
    settings = {
        "room": Classroom(WORLD, WORLD.wordings[0], 0, PRACTICE),
        "curriculum": Curriculum(3),
        "drive": Drive(model),
        "begin": Counters(),
        "publish": model.load_adapter,
        "folder": folder,
        "plan": PLAN,
        "rehearsal": REHEARSAL,
        "watch": Listening(),
        "clock": lambda: 0.0,
        "examined": WORLD.items(Split.EXAM, 120, 0),
    }
    return School(**settings | changes)


def test_it_climbs_round_by_round_until_the_goal_is_mastered(tmp_path):
    term = hold_term(school(tmp_path))
    assert [done.place for done in term.rounds] == [Place(0, 0), Place(1, 0), Place(2, 0), Place(2, 0)]
    assert term.rounds[0].level == "sorting:n=3,low=0,high=9"
    assert term.stopped == "mastered"
    assert term.steps == 4 * PLAN.steps + PLAN.settle
    assert term.rounds[-1].tally.rate == 1.0
    assert term.lessons
    assert term.usage.tokens == sum(done.usage.sampled_tokens for done in term.rounds)


def test_it_ends_after_the_rounds_that_it_was_given(tmp_path):
    term = hold_term(school(tmp_path, plan=TermPlan(rounds=2, steps=2, batch=4)))
    assert (len(term.rounds), term.stopped) == (2, "rounds")


def test_it_settles_on_all_it_learned_at_a_rate_that_falls_to_nothing(tmp_path):
    class Paced(Counters):
        def __call__(self, checkpoint):
            pupil = super().__call__(checkpoint)
            step = pupil.step

            def noting(lessons, pace=1.0):
                paces.append((pace, lessons))
                return step(lessons, pace)

            pupil.step = noting
            return pupil

    paces = []
    plan = TermPlan(rounds=3, steps=8, batch=16, settle=4, settling_rehearsal=0.5)
    slow = Studying(lambda steps: climbing(steps // 8 * 2))
    term = hold_term(school(tmp_path, slow, begin=Paced(), plan=plan))
    assert [pace for pace, _ in paces] == [1.0] * 24 + [0.8, 0.6, 0.4, 0.2]
    settling = [lesson for _, lessons in paces[-4:] for lesson in lessons]
    first = {lesson.id for lesson in term.lessons[: term.rounds[0].lessons]}
    assert first & {lesson.id for lesson in settling}
    assert 0.3 < sum(lesson.source == "rehearsal" for lesson in settling) / len(settling) < 0.7
    assert len(term.settling) == 4
    assert term.steps == len(term.losses) == 28
    assert term.marks == (0, 8, 16, 24)


def test_a_round_of_lessons_ends_when_they_are_learned(tmp_path):
    plan = TermPlan(rounds=2, steps=12, batch=4, settle=0, learned=0.25)  # the n-th loss is 1 / n
    term = hold_term(school(tmp_path, plan=plan))
    assert [len(done.losses) for done in term.rounds] == [7, 3]


def test_no_round_begins_after_the_time_is_up(tmp_path):
    now = iter(range(0, 10_000, 10))
    plan = TermPlan(rounds=5, steps=2, batch=4, seconds=25)
    term = hold_term(school(tmp_path, plan=plan, clock=lambda: float(next(now))))
    assert term.stopped == "seconds"
    assert 1 <= len(term.rounds) < 4
    assert term.adapter is not None


def test_where_search_solves_nothing_nothing_is_learned_and_it_says_what_came(tmp_path):
    begin = Counters()
    term = hold_term(school(tmp_path, Studying(lambda steps: "I cannot"), begin=begin))
    assert term.adapter is None
    assert term.stopped == "nothing solved"
    assert term.failures
    assert not begin.begun
    assert not list(tmp_path.iterdir())


def test_later_rounds_practise_with_the_weights_of_the_round_before(tmp_path):
    model = Studying()
    term = hold_term(school(tmp_path, model, plan=TermPlan(rounds=2, steps=2, batch=4)))
    adapters = list(dict.fromkeys(ask.adapter for ask in model.asked))
    assert adapters[0] is None
    assert len(adapters) == 2
    assert term.adapter.name not in adapters  # the last one is for the gate


def test_a_term_on_top_of_a_night_begins_with_its_weights(tmp_path):
    model, begin = Studying(), Counters()
    pupil = begin(None)
    pupil.step(REHEARSAL)
    pupil.step(REHEARSAL)
    old = pupil.save(tmp_path / "old")
    model.load_adapter(old)
    term = hold_term(school(tmp_path / "new", model, start=old.name, plan=TermPlan(rounds=1, steps=2, batch=4)))
    assert {ask.adapter for ask in model.asked} == {old.name}
    assert term.rounds[0].place == Place(1, 0)


def test_neither_exam_nor_tune_items_reach_a_prompt_or_a_lesson(tmp_path):
    model, begin = Studying(), Counters()
    the_school = school(tmp_path, model, begin=begin)
    term = hold_term(the_school)
    levels = WORLD.levels()
    kept_out = {
        text for level in levels for split in (Split.EXAM, Split.TUNE) for text in texts(level.items(split, 120))
    }
    truths = {item.target for item in WORLD.items(Split.EXAM, 120)}
    for ask in model.asked:
        assert all(split_of(key) is Split.PRACTICE for key in ask.prefix.prompt.keys)
        assert not set(LIST.findall(str(ask.prefix.prompt))) & (kept_out | truths)
    learned = [lesson for lesson in begin.lessons if lesson.source == "practice"]
    assert {lesson.id for lesson in learned} <= {lesson.id for lesson in term.lessons}
    assert len(learned) > 10
    for lesson in learned:
        assert all(split_of(key) is Split.PRACTICE for key in lesson.keys)
        said = LIST.findall(str(lesson.prompt)) + LIST.findall(lesson.answer)
        assert not set(said) & (kept_out | truths)


def test_a_world_whose_keys_lie_is_caught_before_anything_is_learned(tmp_path):
    begin = Counters()
    every = [item for level in WORLD.levels() for item in level.items(Split.PRACTICE, 300, 0)]
    with pytest.raises(Leak, match="about to be learned"):
        hold_term(school(tmp_path, begin=begin, examined=every))
    assert not begin.lessons


def test_only_what_the_verifier_passed_is_learned_in_the_models_own_words(tmp_path):
    term = hold_term(school(tmp_path, plan=TermPlan(rounds=2, steps=2, batch=4)))
    for lesson in term.lessons:
        asked = [int(number) for number in LIST.findall(str(lesson.prompt))[-1].split(", ")]
        assert lesson.answer == ", ".join(map(str, sorted(asked)))
        assert lesson.source == "practice"


def test_lessons_are_asked_without_the_examples_that_found_them(tmp_path):
    def learned(steps):
        harder = climbing(2)
        return lambda prompt: harder(prompt) if len(LIST.findall(prompt)) > 1 else "no"

    term = hold_term(school(tmp_path, Studying(learned), plan=TermPlan(rounds=1, steps=2, batch=4)))
    assert term.rounds[0].place.shots == 3
    for lesson in term.lessons:
        assert len(LIST.findall(str(lesson.prompt))) == 1
        assert len(lesson.keys) == 4  # its own, and those of the examples


def test_batches_mix_in_earlier_rounds_and_the_old_self(tmp_path):
    begin = Counters()
    plan = TermPlan(rounds=3, steps=12, batch=16, older=0.25, rehearsal=0.25)
    slow = Studying(lambda steps: climbing(steps // 12 * 2))
    term = hold_term(school(tmp_path, slow, begin=begin, plan=plan))
    assert len(term.rounds) == 3
    for number in range(3):
        batches = begin.lessons[number * 192 : (number + 1) * 192]
        rehearsed = sum(lesson.source == "rehearsal" for lesson in batches)
        assert 0.15 < rehearsed / 192 < 0.35
        known = {lesson.id for lesson in term.lessons[: sum(done.lessons for done in term.rounds[:number])]}
        older = sum(lesson.id in known for lesson in batches)
        assert (older > 0.1 * 192) if number else older == 0


def test_an_expert_teaches_at_the_goal(tmp_path):
    begin = Counters()
    stupid = Studying(lambda steps: "I cannot")
    term = hold_term(school(tmp_path, stupid, begin=begin, expert=Sorter(), plan=TermPlan(rounds=2, steps=2, batch=4)))
    assert term.adapter is not None
    assert {lesson.source for lesson in term.lessons} == {"expert"}
    assert all(len(LIST.findall(lesson.answer)[0].split(", ")) == 4 for lesson in term.lessons)
    assert len({lesson.id for lesson in term.lessons}) == 16  # the second round is shown others


def test_it_can_be_read_back_and_a_damaged_one_says_so(tmp_path):
    assert read_term(tmp_path) == Term()
    term = hold_term(school(tmp_path))
    assert read_term(tmp_path) == term
    (tmp_path / "term.json").write_text('{"rounds": 3}')
    with pytest.raises(NightError, match="cannot be read"):
        read_term(tmp_path)


def stop_at(stage):
    def at(name):
        if name.startswith(stage):
            raise StopRequested("ctrl-c")

    return Listening(at)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return hold_term(school(tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize(("stage", "finished"), [
    ("practice, round 1", 0), ("lessons, round 1", 0), ("practice, round 2", 1), ("lessons, round 3", 2),
    ("lessons, settling", 4),
])  # fmt: skip
def test_a_kill_and_a_resume_end_at_the_same_weights(tmp_path, undisturbed, stage, finished):
    with pytest.raises(StopRequested):
        hold_term(school(tmp_path / "cut", watch=stop_at(stage)))
    kept = read_term(tmp_path / "cut")
    assert len(kept.rounds) == finished
    again = hold_term(school(tmp_path / "cut"))
    assert again.adapter.name == undisturbed.adapter.name
    assert [lesson.id for lesson in again.lessons] == [lesson.id for lesson in undisturbed.lessons]
    assert again.record == undisturbed.record
    assert len(again.rounds) == len(undisturbed.rounds)


def test_a_stop_amid_a_search_loses_that_round_only(tmp_path, undisturbed):
    drives = []

    def stopping(ask):
        if ask.adapter is not None:  # that is round 2
            drives[0].stop()

    model = Studying(faults=stopping)
    drives.append(Drive(model))
    with pytest.raises(StopRequested):
        hold_term(school(tmp_path / "cut", model, drive=drives[0]))
    assert len(read_term(tmp_path / "cut").rounds) == 1
    begin = Counters()
    again = hold_term(school(tmp_path / "cut", begin=begin))
    assert len(begin.begun[0].seen) > len(undisturbed.rounds)
    assert again.adapter.name == undisturbed.adapter.name


def test_a_term_that_was_over_is_not_held_again(tmp_path):
    term = hold_term(school(tmp_path))
    model = Studying()
    again = hold_term(school(tmp_path, model))
    assert again == term
    assert not model.asked


def test_a_term_that_settled_before_its_rounds_were_over_is_not_held_again(tmp_path):
    first = hold_term(school(tmp_path, Studying(lambda steps: "I cannot" if steps else climbing(0))))
    assert (len(first.rounds), first.stopped, len(first.settling)) == (1, "rounds", PLAN.settle)
    model, begin, published = Studying(), Counters(), []
    again = hold_term(school(tmp_path, model, begin=begin, publish=published.append))  # killed while the gate looked
    assert again == first
    assert not model.asked
    assert not begin.begun
    assert published == [first.adapter]


def test_only_the_last_checkpoint_is_kept(tmp_path):
    term = hold_term(school(tmp_path))
    assert [path.name for path in tmp_path.glob("learner-*")] == [f"learner-{len(term.rounds)}.safetensors"]


def test_answers_that_were_all_cut_off_are_not_called_unsolved(tmp_path):
    class Lenient(Sorting):
        def levels(self):
            return (self,)

    class Anything:
        name, sight = "anything", Sight.VERIFIER

        def judge(self, item, answer):
            return Verdict.of(True)

    world = Lenient(n=3)
    world.verifier = Anything()
    room = Classroom(world, world.wordings[0], 0, PRACTICE)
    term = hold_term(school(tmp_path, Studying(lambda steps: "on and on " * 20), room=room, curriculum=Curriculum(1)))
    assert (term.adapter, term.stopped) == (None, "nothing whole")


@pytest.mark.parametrize("stage", ["lessons, round 1", "lessons, round 2"])
def test_what_was_practised_is_not_sampled_again(tmp_path, stage):
    """In bfloat16 the same draws in other company would come out otherwise."""
    plan = TermPlan(rounds=2, steps=2, batch=4, settle=3)
    whole = hold_term(school(tmp_path / "whole", plan=plan))
    with pytest.raises(StopRequested):
        hold_term(school(tmp_path / "stopped", plan=plan, watch=stop_at(stage)))
    other = Studying(lambda steps: climbing(steps) if "2" in stage or steps else "I cannot")
    again = hold_term(school(tmp_path / "stopped", other, plan=plan))
    assert again.adapter.name == whole.adapter.name
    assert again.lessons == whole.lessons
    if "2" in stage:
        assert not other.asked

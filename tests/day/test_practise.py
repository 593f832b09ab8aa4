"""Practice: where it looks, what it counts, and what never enters a prompt."""

from __future__ import annotations

import pytest

from nightschool.critics.judging import judge
from nightschool.day.curriculum import Curriculum, Place, Tally
from nightschool.day.practise import Classroom, Practice, practise
from nightschool.drive import Drive
from nightschool.errors import StopRequested, Unsupported
from nightschool.items import Noise, Split, split_of
from nightschool.models.scripted import Scripted
from nightschool.worlds.sorting import Sorting
from support.learning import LIST, climbing, numbers, texts
from support.tiny_worlds import Doubling

PLAN = Practice(items=8, draws=4, look_items=6, look_draws=4)
WORLD = Sorting(n=4)


def classroom(world=WORLD, plan=PLAN):
    return Classroom(world, world.wordings[0], 0, plan)


def held(model, room=None, shots=(0, 3), term=0):
    room = room or classroom()
    return practise(room, Curriculum(len(room.levels), shots), Drive(model), None, term)


def test_it_goes_down_from_the_goal_until_search_finds_something():
    found = held(Scripted(climbing(0)))
    assert found.place == Place(0, 0)
    assert found.level == "sorting:n=3,low=0,high=9"
    assert list(found.looks) == [
        "sorting:n=4,low=10,high=99",
        "sorting:n=3,low=10,high=99",
        "sorting:n=3,low=0,high=9",
    ]
    assert [tally.passed for tally in found.looks.values()][:2] == [0, 0]
    assert found.tally.items == 8
    assert found.tally.draws == 32
    assert 0 < found.tally.passed < 32
    assert found.tally.passed == sum(t.verdict.passed for trace in found.traces[6:] for t in trace.thoughts)


@pytest.mark.parametrize(("steps", "level"), [(0, 0), (2, 1), (4, 2)])
def test_practice_climbs_as_the_model_gets_better(steps, level):
    assert held(Scripted(climbing(steps))).place == Place(level, 0)


def test_examples_are_shown_when_nothing_passes_without_them():
    def answer(prompt):
        shown = len(LIST.findall(prompt)) > 1
        return ", ".join(map(str, sorted(numbers(prompt)))) if shown and max(numbers(prompt)) < 10 else "no"

    found = held(Scripted(answer))
    assert found.place == Place(0, 3)
    assert "sorting:n=3,low=0,high=9 after 3 examples" in found.looks
    assert all(len(trace.task.prompt.keys) == 3 for trace in found.traces)


def test_where_nothing_passes_it_shows_what_came_and_practises_nowhere():
    found = held(Scripted("I cannot"))
    assert found.place is None
    assert found.tally == Tally()
    assert found.traces == ()
    assert len(found.looks) == 6
    assert found.failures
    for asked, answer, said in found.failures:
        assert LIST.fullmatch(asked)
        assert answer == "I cannot"
        assert said


def test_no_item_but_those_of_practice_is_asked_or_shown():
    model = Scripted(climbing(0))
    room = classroom()
    for term in range(3):
        held(model, room, term=term)
    held(Scripted("no"), room)
    assert len(model.asked) > 50
    examined = {text for level in room.levels for text in texts(level.items(Split.EXAM, 120, 0))}
    tuned = {text for level in room.levels for text in texts(level.items(Split.TUNE, 120, 0))}
    for ask in model.asked:
        prompt = ask.prefix.prompt
        assert all(split_of(key) is Split.PRACTICE for key in prompt.keys)
        for shown in LIST.findall(str(prompt)):
            assert shown not in examined | tuned
            ordered = ", ".join(map(str, sorted(map(int, shown.split(", ")))))
            assert split_of(f"sorting {ordered}") is Split.PRACTICE


def test_shown_items_are_never_practised_on():
    room = classroom()
    shown = {item.key for item in room.examples(0, 3)}
    assert len(shown) == 3
    assert not shown & {item.key for item in room.pick(0, 50, 3)}


def test_rounds_ask_new_items_with_new_noise():
    model, room = Scripted(climbing(0)), classroom()
    first, second = held(model, room), held(model, room, term=1)
    assert not {t.task.item.id for t in first.traces} & {t.task.item.id for t in second.traces}
    assert not {t.noise for t in first.traces} & {t.noise for t in second.traces}


def test_the_same_seed_practises_the_same():
    one, two = held(Scripted(climbing(0))), held(Scripted(climbing(0)))
    assert [[t.answer for t in trace.thoughts] for trace in one.traces] == [
        [t.answer for t in trace.thoughts] for trace in two.traces
    ]
    assert (one.tally, one.babble, one.looks) == (two.tally, two.babble, two.looks)


def test_the_control_has_as_many_draws_on_the_same_items():
    found = held(Scripted(climbing(0)))
    assert found.babble is not None
    assert (found.babble.draws, found.babble.items) == (found.tally.draws, found.tally.items)
    world = Sorting(n=3, low=0, high=9)
    passed = 0
    for trace in found.traces[6:]:
        noise = Noise((0, "babble", 0, world.spec, trace.task.item.id))
        said = [world.babble(trace.task.item, noise.child(draw)) for draw in range(4)]
        passed += sum(judge(world.verifier, trace.task.item, answer).passed for answer in said)
    assert found.babble.passed == passed


def test_a_world_that_cannot_babble_has_no_control():
    class Mute(Doubling):
        def babble(self, item, noise):
            return None

    world = Mute()
    model = Scripted(lambda prompt: str(2 * int(prompt.split("Double ")[-1].split(".")[0])))
    found = held(model, classroom(world), shots=(0,))
    assert found.tally.rate == 1.0
    assert found.babble is None


def test_the_record_remembers_each_item():
    room = classroom()
    found = held(Scripted(climbing(0)), room)
    draws = sum(tally.draws for tally in room.record.values())
    assert draws == found.tally.draws + sum(tally.draws for tally in found.looks.values())
    passed = sum(tally.passed for key, tally in room.record.items() if key.startswith("0:"))
    assert passed == found.tally.passed + found.looks["sorting:n=3,low=0,high=9"].passed


def test_items_solved_sometimes_come_back_before_the_others():
    world = Sorting(n=3, low=0, high=5)  # 20 multisets, half of them for practice: few enough to meet again
    room = classroom(world, Practice(items=100, draws=8))
    everything = room.pick(0, 100, 0)
    for item in everything:
        room.record[f"0:{item.id}"] = Tally(8, 8, 1, 1)
    chosen = everything[len(everything) // 2]
    room.record[f"0:{chosen.id}"] = Tally(8, 4, 1, 1)
    assert room.pick(0, 1, 0) == [chosen]


def test_the_place_is_told_what_its_search_cost():
    model = Scripted(climbing(0))
    found = held(model)
    assert found.usage.calls == len(model.asked)
    assert found.usage.judgements > 0


def test_a_world_without_a_verifier_is_refused():
    with pytest.raises(Unsupported, match="no verifier"):
        classroom(Doubling(verified=False))


def test_every_level_needs_a_verifier():
    world = Sorting(n=3)
    easiest = world.levels()[0]
    easiest.verifier = None
    world.levels = lambda: (easiest, world)
    with pytest.raises(Unsupported, match="no verifier"):
        classroom(world)


def test_an_interruption_passes_through():
    drives = []

    def stopping(ask):
        drives[0].stop()

    drives.append(Drive(Scripted(climbing(0), faults=stopping)))
    with pytest.raises(StopRequested):
        practise(classroom(), Curriculum(3), drives[0], None, 0)

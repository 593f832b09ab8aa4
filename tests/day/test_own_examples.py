"""The model's own verified answers as examples."""

from __future__ import annotations

from nightschool.day.own_examples import OwnExamples, own_examples
from nightschool.drive import Drive, Job
from nightschool.exam import sit
from nightschool.items import Noise, Sampling, Split, Task
from nightschool.models.scripted import Scripted
from nightschool.think.best_of_n import BestOfN
from support.tiny_worlds import Doubling

WORLD = Doubling()


def traces(answer, count=6):
    wording = WORLD.wordings[0]
    jobs = [
        Job(
            BestOfN(4),
            Task(item, WORLD.pose(item, wording), Sampling(8, stop=wording.stop)),
            Noise((item.id,)),
            critics={"verifier": WORLD.verifier},
        )
        for item in WORLD.items(Split.PRACTICE, count)
    ]
    return Drive(Scripted(answer)).run(jobs)


def number(prompt):
    return int(prompt.split("Double ")[-1].split(".")[0])


def test_only_what_the_verifier_passed_is_shown_in_the_models_words():
    found = own_examples(traces(lambda prompt: f" {2 * number(prompt)}" if number(prompt) % 2 else "no"))
    assert found
    for item in found:
        assert int(item.inputs["number"]) % 2
        assert int(item.target) == 2 * int(item.inputs["number"])
        assert item.split is Split.PRACTICE


def test_different_items_in_their_order_and_no_more_than_asked_for():
    right = traces(lambda prompt: str(2 * number(prompt)))
    assert [item.id for item in own_examples(right, 2)] == [trace.task.item.id for trace in right[:2]]
    assert len(own_examples(right)) == 3
    assert own_examples(traces("no")) == []


def test_the_row_shows_them_and_discloses_their_keys():
    shown = own_examples(traces(lambda prompt: str(2 * number(prompt))))
    model = Scripted(lambda prompt: str(2 * number(prompt)))
    report = sit(WORLD, model, WORLD.items(Split.EXAM, 10), [OwnExamples(shown)])
    row = report.row("own-examples")
    assert (row.accuracy, row.recommendable) == (1.0, True)
    assert row.way.examples == tuple(item.id for item in shown)
    assert report.example_truths == row.way.examples
    assert all(ask.prefix.prompt.keys == {item.key for item in shown} for ask in model.asked)


def test_without_any_the_row_is_absent_not_zero():
    row = sit(WORLD, Scripted("no"), WORLD.items(Split.EXAM, 10), [OwnExamples([])]).row("own-examples")
    assert row.accuracy is None
    assert "solved nothing" in row.unavailable

"""The rungs that tune, with models whose learning is told beforehand: what the rows and the verdict make of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nightschool.drive import Budget, Cache
from nightschool.errors import BadSpec, NotANumber
from nightschool.exam import ExamReport, open_rungs
from nightschool.items import Lesson
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability, Model
from support.answering import right
from support.sittings import sat
from support.tiny_worlds import Doubling

TRAINABLE = {Ability.TRAIN}


class Trainable(Scripted):
    def __init__(self, answers: object, **more: object) -> None:
        super().__init__(answers, **more)  # type: ignore[arg-type]
        self.abilities = self.abilities | TRAINABLE


def truthful(lessons: Sequence[Lesson]) -> bool:
    """Return whether the lessons' answers are right: shuffled ones are not."""
    return all(right(str(lesson.prompt)).strip() == lesson.answer for lesson in lessons)


class Tune:
    """Makes models that double after right lessons; needs: of how many; twin: whether shuffled weights can too."""

    def __init__(self, needs: int = 0, twin: bool = False) -> None:
        self.needs, self.twin = needs, twin
        self.made: list[tuple[str, int, bool]] = []

    def __call__(self, way: str, lessons: Sequence[Lesson], on_twin: bool) -> Model:
        self.made.append((way, len(lessons), on_twin))
        able = truthful(lessons) and len(lessons) >= self.needs and (self.twin or not on_twin)
        return Scripted(right if able else "no\n", identity=f"{way} {len(lessons)} {on_twin} {able}")


def tuned(tune: Tune | None, rungs: Sequence[str] = ("lora-truths:n=100",), **more: object) -> ExamReport:
    return sat(
        Doubling(), Trainable("no\n"), rungs=rungs, look=("elicited",), tune=tune, items=60,
        twin=lambda: Scripted("no"), **more,
    )  # fmt: skip


def test_each_size_stands_beside_both_controls_and_full_tuning_has_one_size():
    tune = Tune()
    rows = {row.name: row for row in tuned(tune, ("lora-truths:n=100", "full-tuning:n=100")).rungs}
    sizes = [f"lora-truths/n={n}" for n in (16, 64, 100)] + ["full-tuning/n=100"]
    assert set(rows) == {name + control for name in sizes for control in ("", ",random labels", ",random weights")}
    assert {rows[name].accuracy for name in sizes} == {1.0}
    assert {rows[name + ",random labels"].accuracy for name in sizes} == {0.0}
    assert all(row.never and row.trained and not row.recommendable for row in rows.values())
    assert ("full-tuning", 100, True) in tune.made


@pytest.mark.parametrize(
    ("tune", "verdict"),
    [(Tune(), "elicited"), (Tune(needs=100), "taught"), (Tune(twin=True), "taught"), (Tune(needs=999), "absent")],
)
def test_the_verdict_is_that_of_what_was_planted(tune, verdict):
    finding = tuned(tune).findings[0]
    assert finding.facts["verdict"] == verdict
    assert finding.facts["ways"] == {"lora-truths": verdict}


def test_what_one_way_elicits_is_there_whatever_the_others_find():
    class Either(Tune):
        def __call__(self, way: str, lessons: Sequence[Lesson], on_twin: bool) -> Model:
            return super().__call__(way, lessons if way == "lora" else lessons[:0], on_twin)

    finding = tuned(Either(needs=1), ("soft-prompt:n=64", "lora-truths:n=64")).findings[0]
    assert finding.facts["verdict"] == "elicited"
    assert finding.facts["ways"] == {"soft-prompt": "absent", "lora-truths": "elicited"}


def test_what_shuffled_answers_bring_out_was_there_too():
    """Shuffled answers cannot teach to double: where they are enough to make a model do it, it could before."""

    def form_alone(way: str, lessons: Sequence[Lesson], on_twin: bool) -> Model:
        return Scripted("no\n" if on_twin else right, identity=f"{len(lessons)} {on_twin} {truthful(lessons)}")

    assert tuned(form_alone).findings[0].facts["verdict"] == "elicited"  # type: ignore[arg-type]


def test_what_cannot_be_tuned_says_so():
    (row,) = sat(Doubling(), Scripted("no\n"), rungs=("lora-truths",)).rungs
    assert "cannot: train" in (row.unavailable or "")
    (row,) = tuned(None).rungs
    assert "cannot be trained here" in (row.unavailable or "")
    (row,) = sat(Doubling(known=False), Trainable("no\n"), rungs=("soft-prompt",), tune=Tune()).rungs
    assert "16 practice items" in (row.unavailable or "")
    with pytest.raises(BadSpec, match="16 practice items"):
        open_rungs(["bias-only:n=4"])


def test_a_training_that_fails_is_missing_and_not_wrong():
    def broken(way: str, lessons: Sequence[Lesson], on_twin: bool) -> Model:
        raise NotANumber("the loss of this batch is nan")

    rows = tuned(broken, ("lora-truths:n=16",)).rungs  # type: ignore[arg-type]
    assert {(row.accuracy, row.missing) for row in rows} == {(None, 60)}
    assert "nan" in (rows[0].records[0].missing or "")


def test_tuning_keeps_to_the_budget_and_a_second_sitting_asks_nothing(tmp_path):
    short = tuned(Tune(), budget=Budget(tokens=200))
    assert short.tokens <= 200
    assert short.row("lora-truths/n=100,random weights").missing == 60
    cache = Cache(tmp_path / "draws.sqlite")
    first = tuned(Tune(), cache=cache)
    asked = cache.misses
    again = tuned(Tune(), cache=cache)
    assert cache.misses == asked
    assert [row.accuracy for row in again.rungs] == [row.accuracy for row in first.rungs]
    cache.close()

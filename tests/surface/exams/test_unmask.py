"""The exam of the exam as a command: what is counted, what is kept, what the exit code says."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import jsonschema
import pytest

from nightschool.errors import StopRequested, UsageError
from nightschool.exam.planted import Planted
from nightschool.models.scripted import Scripted
from nightschool.surface.cli import run
from nightschool.surface.exams import unmask
from nightschool.surface.exams.unmask import MARGINS, judged, margin_of, stands
from nightschool.surface.exams.unmask_findings import Book, Examined, Plan


def skill(number: int, there: bool, gap: float, trained: float = 0.9) -> Examined:
    """A skill whose difference to the controls is `gap`."""
    called = {str(margin): "elicited" if gap >= margin else "taught" for margin in MARGINS}
    return Examined(0, number, there, 0.9, 0.05, trained, called)


CLEAR = [*(skill(i, True, 0.6) for i in range(118)), *(skill(i, False, 0.02) for i in range(20))]


def test_59_of_59_prove_95_percent() -> None:
    result = judged(CLEAR)
    assert (result["planted"], result["elicited"], result["reached"]) == (59, 59, 59)
    assert result["proved"] > 0.95
    assert result["proved"] == pytest.approx(0.05 ** (1 / 59))
    assert result["false_at_most"] == pytest.approx(1 - 0.05 ** (1 / 10))
    assert stands(result)


def test_the_margin_is_chosen_on_other_skills_than_it_is_judged_on() -> None:
    hard = [skill(i, True, 0.6 if i % 2 == 0 else 0.22) for i in range(20)]  # every second is found by few margins
    others = [skill(i, False, 0.26 if i % 2 == 0 else 0.0) for i in range(20)]
    assert margin_of([*hard[::2], *others[::2]]) >= 0.3
    result = judged([*hard, *others])
    assert result["elicited"] == 0
    assert not stands(result)


def test_how_much_few_examples_give_is_told_over_all_skills() -> None:
    assert judged(CLEAR)["share"] == judged(CLEAR)["share_low"] == 1.0
    half = [skill(i, True, 0.6, trained=0.9 if i % 4 == 1 else 0.45) for i in range(80)]
    result = judged([*half, *(skill(i, False, 0.0) for i in range(8))])
    assert result["share"] == pytest.approx(0.75)
    assert 0.6 < result["share_low"] < 0.7


@pytest.mark.parametrize("spoilt", [skill(119, True, 0.0), skill(119, True, 0.6, trained=0.5), skill(99, False, 0.9)])
def test_one_skill_is_enough_to_fall(spoilt: Examined) -> None:
    kept = [each for each in CLEAR if each.there is not spoilt.there]
    same = [each for each in CLEAR if each.there is spoilt.there]
    same[1] = spoilt  # the second: one of those that are judged
    assert not stands(judged([*kept, *same]))


def test_too_few_skills_are_refused() -> None:
    with pytest.raises(UsageError, match="two of each kind"):
        judged(CLEAR[:5])
    with pytest.raises(UsageError, match="at most 50"):
        Plan(skills=51)


def test_what_was_found_is_not_looked_for_again(tmp_path, capsys) -> None:
    plan = Plan(1, 2, 2, 3)
    there = [(0, True), (50, False), (1, True), (51, False)]
    lines = [json.dumps(asdict(skill(number, planted, 0.6 if planted else 0.0))) for number, planted in there]
    Book(plan, tmp_path).path.write_text("\n".join(lines) + '\n{"model": 0, "ski')
    assert len(list(unmask.run(plan, tmp_path))) == 4
    line = ["unmask", "--skills", "2", "--absent", "2", "--steps", "3", "--kept", str(tmp_path)]
    assert run([*line, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    doc = (Path(__file__).parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
    jsonschema.validate(told, json.loads(doc.split('schema="unmask"\n')[1].split("```")[0]))
    assert (told["planted"], told["elicited"], told["absent_elicited"], told["partial"]) == (1, 1, 0, False)
    assert run(line) == 0
    assert "1 of 1" in capsys.readouterr().out


def test_findings_are_those_of_their_plan(tmp_path) -> None:
    book = Book(Plan(1, 2, 2, 3), tmp_path)
    book.write(skill(0, True, 0.6))
    assert set(Book(Plan(5, 2, 2, 3), tmp_path).known) == {(0, 0, True)}  # more models of the same kind go on
    assert not Book(Plan(1, 2, 2, 2000), tmp_path).known
    assert not Book(Plan(1, 2, 3, 3), tmp_path).known


def test_findings_without_a_plan_are_read_where_their_model_tells_it(tmp_path) -> None:
    lines = [json.dumps(asdict(replace(skill(0, True, 0.6), model=model))) for model in (0, 1, 2)]
    (tmp_path / "skills.jsonl").write_text("\n".join(lines) + "\n")
    for name in ("model-0-2-2-3", "model-1-2-2-3", "model-1-2-2-2000"):
        (tmp_path / name).mkdir()
    book = Book(Plan(3, 2, 2, 3), tmp_path)
    assert set(book.known) == {(0, 0, True)}
    assert "models [1, 2]" in book.note
    assert "model-1-2-2-2000" in book.note
    told: list[str] = []
    assert next(unmask.run(Plan(3, 2, 2, 3), tmp_path, told.append)) == book.known[0, 0, True]
    assert told == [book.note]


@pytest.mark.parametrize("sizes", [("1", "1", "1"), ("1", "8", "1"), ("1", "1", "4")])
def test_too_few_skills_are_refused_before_anything_is_made(tmp_path, capsys, sizes) -> None:
    models, skills, absent = sizes
    kept = tmp_path / "kept"
    line = ["unmask", "--models", models, "--skills", skills, "--absent", absent, "--kept", str(kept)]
    assert run(line) == 2
    assert "two of each kind" in capsys.readouterr().err
    assert not kept.exists()


def test_an_early_ctrl_c_is_no_fault_of_the_line(tmp_path, capsys, monkeypatch) -> None:
    def stops(plan, kept, say):
        yield skill(0, True, 0.6)
        raise KeyboardInterrupt

    monkeypatch.setattr(unmask, "run", stops)
    assert run(["unmask", "--kept", str(tmp_path)]) == 130
    assert "after 1 skills" in capsys.readouterr().err


def test_half_an_exam_is_no_finding() -> None:
    model = Scripted("no")
    model.step = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(StopRequested):
        unmask.examined(model, model, 0, Planted(1), True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks by an old name
def test_the_command_makes_examines_and_goes_on(tmp_path, capsys) -> None:
    line = ["unmask", "--skills", "2", "--absent", "2", "--steps", "90", "--kept", str(tmp_path), "--json"]
    assert run(line) == 0
    first = capsys.readouterr()
    assert "model 0 skill" in first.err
    assert run(line) == 0
    assert capsys.readouterr().out == first.out

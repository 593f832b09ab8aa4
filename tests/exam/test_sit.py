import json
from collections.abc import Sequence
from typing import Any

import pytest

from nightschool.drive import Budget, Price
from nightschool.errors import UsageError
from nightschool.exam import ExamReport, open_analyses, open_rungs, sit
from nightschool.exam.report.words import headline
from nightschool.items import Item, Split, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability, Sight
from nightschool.surface.exams.shown import page_of, rows_of
from support.answering import right, right_for_even, sometimes
from support.tiny_worlds import Doubling, blind


def exam(model: Scripted, *specs: str, world: Doubling | None = None, n: int = 30, **more: Any) -> ExamReport:
    world = world or Doubling()
    return sit(world, model, world.items(Split.EXAM, n), open_rungs(specs), seed=1, workers=0, **more)


def test_a_known_model_gets_the_accuracy_it_has() -> None:
    report = exam(Scripted(right_for_even), "zero-shot")
    row = report.row("zero-shot")
    even = sum(int(item.inputs["number"]) % 2 == 0 for item in report.items)
    assert row.accuracy == pytest.approx(even / len(report.items))
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.accuracy < row.high
    assert (row.n, row.missing) == (len(report.items), 0)
    assert {record.item: record.passed for record in row.records} == {
        item.id: int(item.inputs["number"]) % 2 == 0 for item in report.items
    }


def test_costs_are_counted() -> None:
    model = Scripted(right)
    report = exam(model, "zero-shot:wordings=1", price=Price(prompt=1, sampled=10))
    row = report.row("zero-shot")
    assert row.tokens == sum(record.tokens for record in row.records) == report.tokens > 0
    assert row.usd == pytest.approx((row.prompt_tokens + 10 * row.tokens) / 1e6)
    assert row.each()["tokens"] == pytest.approx(row.tokens / len(row.records))


def test_the_same_seed_gives_the_same_report() -> None:
    rows = [exam(Scripted(sometimes), "vote:n=4", "search:n=4").rungs for _ in range(2)]
    assert [(r.name, r.accuracy, r.tokens) for r in rows[0]] == [(r.name, r.accuracy, r.tokens) for r in rows[1]]


def test_rungs_alone_and_together_find_the_same() -> None:
    together = exam(Scripted(sometimes), "zero-shot", "vote:n=4", "search:n=4")
    for spec in ("zero-shot", "vote:n=4", "search:n=4"):
        for row in exam(Scripted(sometimes), spec).rungs:
            assert row.outcomes() == together.row(row.name).outcomes()


def test_vote_and_search_draw_once() -> None:
    model = Scripted(sometimes)
    both = exam(model, "vote:n=4", "search:n=4")
    assert sum(ask.n for ask in model.asked) == 4 * len(both.items)  # type: ignore[union-attr]
    assert both.tokens == exam(Scripted(sometimes), "search:n=4").tokens


def test_rows_are_compared_with_the_plain_question_and_adjusted() -> None:
    report = exam(Scripted(lambda p: right(p) if "twice" in p else "no\n"), "control", "zero-shot")
    found = {each.second: each for each in report.comparisons}
    assert {each.first for each in report.comparisons} == {"zero-shot"}
    better = found["zero-shot/other"]
    assert (better.gained, better.lost) == (better.n, 0)
    assert better.p_value is not None
    assert better.adjusted is not None
    assert better.p_value < better.adjusted < 0.001
    assert found["zero-shot/mean"].test == "clustered bootstrap"
    assert found["zero-shot/mean"].low > 0


def test_before_and_after_are_paired_by_item() -> None:
    before = exam(Scripted("no\n"), "zero-shot:wordings=1")
    after = exam(Scripted(right), "zero-shot:wordings=1", n=20, before=before)
    (change,) = after.changes
    assert (change.n, change.gained, change.lost) == (20, 20, 0)
    assert change.low > 0.5
    assert change.p_value is not None
    assert change.p_value < 0.001


def test_missing_answers_are_not_wrong_answers() -> None:
    def fault(ask: Any) -> Any:
        return "refuse" if "7" in str(ask.prefix.prompt) else None

    report = exam(Scripted(right, faults=fault), "zero-shot:wordings=1")
    row = report.row("zero-shot")
    refused = sum("7" in item.inputs["number"] for item in report.items)
    assert refused > 0
    assert (row.missing, row.n) == (refused, len(report.items) - refused)
    assert row.accuracy == 1.0
    assert row.worst == pytest.approx(row.n / len(report.items))
    assert row.best == 1.0
    assert any("missing and not counted as wrong" in warning for warning in report.warnings)
    assert any(record.missing and "told to fail" in record.missing for record in row.records)


class Broken:
    name = "broken"
    sight = Sight.REFERENCE

    def judge(self, item: Item, answer: str) -> Verdict:
        raise RuntimeError("the critic fell over")


def test_a_critic_that_fails_makes_answers_missing() -> None:
    world = Doubling()
    world.reference = Broken()
    row = exam(Scripted(right), "zero-shot:wordings=1", world=world).row("zero-shot")
    assert (row.accuracy, row.n, row.missing) == (None, 0, 30)
    assert "fell over" in (row.records[0].missing or "")


def test_items_without_truth_are_missing_for_a_reference() -> None:
    world = Doubling()
    report = sit(world, Scripted(right), blind(world.items(Split.EXAM, 5)), open_rungs(["zero-shot"]), workers=0)
    assert report.row("zero-shot").missing == 5


def test_what_a_model_cannot_do_is_shown_with_the_reason() -> None:
    report = exam(Scripted(right, lacks=[Ability.ADAPTERS]), "lora", "zero-shot")
    assert "cannot: adapters" in (report.row("lora").unavailable or "")
    assert report.row("lora").accuracy is None
    assert report.row("zero-shot").accuracy == 1.0


def test_oracles_are_not_recommendable_and_estimate_without_bias() -> None:
    report = exam(Scripted(sometimes), "search:n=4", world=Doubling(verified=False), n=60)
    one, four = report.row("oracle pass@1"), report.row("oracle pass@4")
    assert not one.recommendable
    assert one.never
    assert one.accuracy == pytest.approx(0.3, abs=0.12)
    assert four.accuracy == pytest.approx(1 - 0.7**4, abs=0.15)
    assert one.records[0].outcome == pytest.approx(sum(a == report.items[0].target for a in one.records[0].answers) / 4)


@pytest.mark.parametrize(
    ("says", "expected"), [("\n", "answers nothing"), ("twelve\n", "same answer nearly everywhere")]
)
def test_a_model_that_says_nothing_new_is_called_that(says: str, expected: str) -> None:
    report = exam(Scripted(says), "zero-shot")
    assert any(expected in warning for warning in report.warnings)
    assert report.row("zero-shot").remark == {"\n": "answers nothing"}.get(says, "says the same everywhere")
    shown = next(line for line in rows_of(report).splitlines() if line.startswith("zero-shot "))
    assert report.row("zero-shot").remark in shown
    assert f"Asked plainly, scripted {report.row('zero-shot').remark} in" in headline(page_of(report))
    assert "0.0%   0.0%" not in shown  # it is not said that it can do nothing


def test_one_answer_to_everything_attempts_nothing() -> None:
    world = Doubling()
    report = sit(
        world, Scripted("twelve\n"), world.items(Split.EXAM, 20), open_rungs(["zero-shot"]),
        analyses=open_analyses(["failures"]), workers=0,
    )  # fmt: skip
    counts = report.findings[0].facts["counts"]
    assert counts == {"not attempted": 40}


def test_few_items_name_how_many_are_needed() -> None:
    assert any("381 items" in warning for warning in exam(Scripted(right_for_even), "zero-shot").warnings)


def test_answers_that_hit_the_length_limit_are_pointed_out() -> None:
    assert any("length limit" in warning for warning in exam(Scripted("0123456789" * 3), "zero-shot").warnings)


def test_a_budget_makes_the_rest_missing_and_is_kept() -> None:
    report = exam(Scripted(right), "zero-shot", "code-style", budget=Budget(tokens=60))
    assert report.tokens <= 61
    assert report.row("zero-shot").missing > 0
    assert report.row("code-style").n <= 1


class Stopping(Scripted):
    """A model during whose `after`th step the user presses Ctrl-C."""

    after = 6

    def step(self) -> Any:
        if self.steps == self.after:
            self.steps += 1
            raise KeyboardInterrupt
        return super().step()


def test_ctrl_c_gives_what_is_done_so_far() -> None:
    report = exam(Stopping(right), "zero-shot:wordings=1", "code-style", "few-shot:k=1", "search:n=4", n=40)
    assert report.partial
    names = [row.name for row in report.rungs]
    assert names[0] == "zero-shot"
    assert report.row("zero-shot").accuracy == 1.0
    assert "search/n=4" not in names
    assert any("interrupted" in warning for warning in report.warnings)
    assert ExamReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_no_items_are_refused_before_anything_runs() -> None:
    model = Scripted(right)
    with pytest.raises(UsageError, match="no items"):
        exam(model, "zero-shot", n=0)
    assert not model.asked


class Stages:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float | None]] = []
        self.done = 0.0

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        self.stages.append((name, total))

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        self.done += amount

    def say(self, text: str) -> None:
        pass


def test_progress_is_told() -> None:
    watch = Stages()
    specs: Sequence[str] = ("control", "zero-shot")
    report = exam(Scripted(right), *specs, watch=watch)
    n = len(report.items)
    assert watch.stages == [("exam: control", n), ("exam: zero-shot", 2 * n)]
    assert watch.done == 3 * n


def test_shown_truths_are_disclosed() -> None:
    report = exam(Scripted(right), "few-shot:k=3")
    assert len(report.example_truths) == 3
    way = report.row("few-shot/k=3").way
    assert way is not None
    assert way.examples == report.example_truths

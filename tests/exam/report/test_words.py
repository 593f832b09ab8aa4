import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.exam.report import charts, svg, words
from nightschool.exam.report.words import headline, percent, points, way_text


@pytest.mark.parametrize("module", [words, svg])
def test_examples_in_the_docstrings(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0


@given(st.floats(0, 1))
def test_percent_says_all_and_nothing_only_of_all_and_nothing(rate: float) -> None:
    assert (percent(rate) == "0%") == (rate == 0)
    assert (percent(rate) == "100%") == (rate == 1)


@given(st.floats(-1, 1))
def test_points_carry_the_right_sign(difference: float) -> None:
    written = points(difference)
    assert written[0] == ("±" if written == "±0" else "+" if difference > 0 else "−")
    assert float(written[1:]) == pytest.approx(abs(100 * difference), abs=0.51)


def row(name: str, accuracy: float | None, recommendable: bool = True) -> dict[str, object]:
    return {"name": name, "accuracy": accuracy, "recommendable": recommendable}


def test_headline_of_an_exam_names_the_best_that_may_be_used() -> None:
    rows = [row("zero-shot", 0.2), row("oracle pass@16", 0.9, False), row("few-shot/k=3", 0.4)]
    said = headline({"exam": {"model": "m", "task": "t", "rungs": rows}})
    assert said == "Asked plainly, m gets 20% on t; the best way measured, few-shot/k=3, gets 40%."


def test_headline_when_nothing_helps_or_nothing_was_graded() -> None:
    exam = {"model": "m", "task": "t", "rungs": [row("zero-shot", 0.2), row("vote/n=4", 0.1)]}
    assert headline({"exam": exam}).endswith("no other way measured does better.")
    assert "nothing that could be graded" in headline({"exam": {**exam, "rungs": [row("zero-shot", None)]}})


def test_headline_of_a_day_says_what_became_of_the_night() -> None:
    change = {"before": {"accuracy": 0.0}, "after": {"accuracy": 0.5}}
    data = {"model": "m", "task": "t", "change": change, "gate": {"accepted": False}}
    assert headline(data) == "m went from 0% to 50% on t, and the night was rolled back."
    assert headline({**data, "headline": "mine"}) == "mine"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("single", "greedy, wording “plain”, 1 worked example"),
        ("best-of-n:n=16", "best of 16 draws, chosen by the verifier, wording “plain”, 1 worked example"),
        ("vote:n=4", "majority of 4 draws, wording “plain”, 1 worked example"),
    ],
)
def test_ways_in_words(strategy: str, expected: str) -> None:
    way = {"wording": "plain", "strategy": strategy, "examples": ("i1",), "temperature": 0.0, "adapter": None}
    assert way_text({"way": way}) == expected


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 5000)), min_size=2, max_size=12))
def test_cost_drawing_takes_any_numbers(found: list[tuple[float, float]]) -> None:
    rows = [
        {"name": f"way {i}", "accuracy": a, "low": a / 2, "high": (1 + a) / 2, "tokens": t, "kind": "strong"}
        for i, (a, t) in enumerate(found)
    ]
    drawn = charts.scatter(rows)
    assert drawn.count("<circle") == len(rows)
    assert "nan" not in drawn


def test_front_holds_what_nothing_cheaper_equals() -> None:
    def way(name: str, accuracy: float, tokens: float, kind: str = "strong") -> dict[str, object]:
        return {"name": name, "accuracy": accuracy, "tokens": tokens, "kind": kind}

    rows = [way("a", 0.2, 10), way("b", 0.1, 20), way("c", 0.5, 30), way("oracle", 0.9, 5, "muted"), way("d", 0.5, 40)]
    assert [each["name"] for each in charts._front(rows)] == ["a", "c"]


def test_loss_curve_leaves_out_what_is_no_number() -> None:
    assert "nan" not in charts.curve([2.0, float("nan"), 1.0], [1])

"""Two rungs of one name: neither row is lost, and the names say what differs."""

import pytest

from nightschool.models.scripted import Scripted
from support.answering import right, sometimes
from support.sittings import sat
from support.tiny_worlds import Doubling


@pytest.mark.parametrize(
    ("specs", "names"),
    [
        (("monologue:tokens=16", "monologue:tokens=96"), ["monologue", "monologue,tokens=96"]),
        (("monologue:tokens=16", "monologue:k=2,tokens=16"), ["monologue", "monologue,k=2"]),
        (("search:n=4,temperature=0.5", "search:n=4"),
         ["search/n=1", "search/n=4", "search/n=1,temperature=1.0", "search/n=4,temperature=1.0"]),
        (("vote:n=4", "vote:n=16"), ["vote/n=4", "vote/n=16"]),
        (("zero-shot", "zero-shot"), ["zero-shot", "zero-shot/other", "zero-shot/mean"]),
    ],
)  # fmt: skip
def test_rows_that_would_overwrite_one_another_are_told_apart(specs: tuple[str, ...], names: list[str]) -> None:
    report = sat(Doubling(), Scripted(sometimes), rungs=specs, items=10)
    assert [row.name for row in report.rungs] == names
    assert {row.n for row in report.rungs} == {10}


def test_a_mean_names_the_rows_that_it_sums_up() -> None:
    report = sat(Doubling(), Scripted(right), rungs=("zero-shot:wordings=1", "zero-shot"), items=10)
    assert report.row("zero-shot/mean").spread == {"zero-shot": 1.0, "zero-shot/other": 1.0}


def test_what_cannot_be_had_takes_no_name_from_what_was_measured() -> None:
    report = sat(Doubling(known=False), Scripted(right), rungs=("lora:draws=2", "lora:draws=4"), items=10)
    assert all(row.unavailable for row in report.rungs)
    assert report.rungs[0].name == "lora"

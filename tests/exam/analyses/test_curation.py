import pytest

from nightschool.models.scripted import Scripted
from support.answering import number_in, sometimes
from support.sittings import found
from support.tiny_worlds import Doubling


@pytest.mark.parametrize("rung", ["search:n=16", "vote:n=16"])
def test_a_planted_rate_is_told_with_its_interval(rung: str) -> None:
    finding = found(Doubling(), Scripted(sometimes), "curation", rungs=(rung,), items=100)
    value, low, high = finding.facts["ratios"]["right in truth"]
    assert low < 1 / 0.3 < high
    assert value == pytest.approx(1 / 0.3, rel=0.15)
    assert finding.facts["largest_error"] < 0.1
    assert finding.facts["ratios"]["accepted by the verifier"] == [value, low, high]  # it sees what the truth is


def test_items_that_differ_are_not_taken_for_alike() -> None:
    def half(prompt: str) -> dict[str, float]:
        number = number_in(prompt)
        return {f"{2 * number}\n": 0.9 if number % 2 else 0.0, "no\n": 0.1}

    finding = found(Doubling(), Scripted(half), "curation", rungs=("search:n=16",), items=100)
    told = dict(finding.facts["told"])
    measured = dict(finding.facts["measured"])
    assert measured[16] == pytest.approx(0.5, abs=0.1)
    assert told[64] == pytest.approx(measured[16], abs=0.05)


def test_where_nothing_is_right_the_ratio_has_no_end() -> None:
    finding = found(Doubling(), Scripted("no"), "curation", rungs=("search:n=4",))
    assert finding.facts["ratios"]["right in truth"][0] is None
    assert finding.sentence.startswith("No draw was right")


def test_without_draws_there_is_nothing() -> None:
    assert "takes the draws" in (found(Doubling(), Scripted("no"), "curation").unavailable or "")
    finding = found(Doubling(), Scripted("no"), "curation", rungs=("search:n=2",))
    assert "four draws" in (finding.unavailable or "")

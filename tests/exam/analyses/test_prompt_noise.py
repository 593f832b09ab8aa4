import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.models.scripted import Scripted
from support.answering import right
from support.sittings import found
from support.tiny_worlds import Doubling


def fussy(prompt: str) -> str:
    """Answer right unless it is shouted at."""
    words = "".join(char for char in prompt if char.isalpha() and char not in "userassistant")
    return "no\n" if words.isupper() else right(prompt)


def test_formats_that_fail_and_formats_that_do_not_are_found() -> None:
    finding = found(Doubling(), Scripted(fussy), "prompt-noise:formats=50", rungs=(), items=40)
    assert finding.facts["worst"][0] < 0.2
    assert finding.facts["best"][0] == 1.0
    assert finding.facts["share"] <= 0.2
    assert finding.facts["calls"] <= 0.2 * 50 * 40
    assert len(finding.facts["formats"]) == 50


def test_where_the_format_does_not_matter_the_spread_is_narrow() -> None:
    finding = found(Doubling(), Scripted(right), "prompt-noise:formats=50", rungs=(), items=40)
    assert finding.facts["worst"][0] == finding.facts["best"][0] == 1.0


def test_too_few_items_are_said_with_the_number_that_is_enough() -> None:
    finding = found(Doubling(), Scripted(right), "prompt-noise", rungs=(), items=6)
    assert "11 are enough" in (finding.unavailable or "")


@pytest.mark.parametrize("spec", ["prompt-noise:formats=2", "prompt-noise:share=0"])
def test_parameters_that_make_no_sense_are_refused(spec: str) -> None:
    with pytest.raises(BadSpec):
        open_analyses([spec])

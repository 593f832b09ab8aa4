import pytest

from nightschool.models.scripted import Scripted
from nightschool.worlds.sorting import Sorting
from support.sittings import found
from support.tiny_worlds import Doubling


def number(prompt: str) -> int:
    return int("".join(char for char in prompt if char.isdigit()))


def right(prompt: str) -> str:
    return str(2 * number(prompt))


PLANTED = {
    "item": lambda prompt: right(prompt) if number(prompt) % 2 else "no",
    "wording": lambda prompt: right(prompt) if "twice" in prompt else "no",
    "both": lambda prompt: right(prompt) if ("twice" in prompt) == bool(number(prompt) % 2) else "no",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_failures_are_of_their_kind(kind: str) -> None:
    finding = found(Doubling(), Scripted(PLANTED[kind]), "structure", items=60)
    shares = finding.facts["shares"]
    assert shares[kind][0] > 0.9
    assert sum(share[0] for share in shares.values()) == pytest.approx(1)
    assert "repeat" not in shares


def test_chance_needs_repeats_to_be_seen() -> None:
    model = Scripted(lambda prompt: {right(prompt): 0.5, "no": 0.5})
    finding = found(Doubling(), model, "structure:draws=8,items=20")
    assert finding.facts["shares"]["repeat"][0] > 0.8


def test_wordings_that_fail_alike_are_told_from_those_that_do_not() -> None:
    alike = found(Doubling(), Scripted(PLANTED["item"]), "structure").facts["overlap"]
    assert alike["shared"] == 1
    assert alike["same_answer"] == 1
    apart = found(Doubling(), Scripted(PLANTED["both"]), "structure").facts["overlap"]
    assert apart["shared"] == 0


def test_one_wording_shows_no_structure() -> None:
    finding = found(Sorting(), Scripted("no"), "structure", rungs=("zero-shot:wordings=1",), items=5)
    assert "two wordings" in (finding.unavailable or "")


def test_nothing_varies_is_said() -> None:
    assert found(Doubling(), Scripted("no"), "structure").sentence.startswith("Nothing varies")

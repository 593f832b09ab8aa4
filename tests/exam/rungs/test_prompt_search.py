"""The search for a prompt, with a model that understands one way of asking: it is found, on tune items alone."""

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_rungs
from nightschool.items import Split, Wording
from nightschool.models.scripted import Scripted
from support.answering import right
from support.sittings import sat
from support.tiny_worlds import WORDINGS, Doubling

INSTRUCTED = (Wording("plain", "words", system="Double it now.", user="{number}", stop=("\n",)), *WORDINGS[1:])


def picky(prompt: str) -> str:
    """Say the right thing to who asks what twice a number is, and nothing of use to others."""
    return right(prompt) if "twice" in prompt.lower() else "no\n"


def asked() -> set[str]:
    seen: list[str] = []

    def listening(prompt: str) -> str:
        seen.append(prompt)
        return picky(prompt)

    sat(Doubling(), Scripted(listening), rungs=("prompt-search:candidates=6",), items=30)
    return set(seen)


def test_the_wording_that_the_model_understands_is_found() -> None:
    report = sat(Doubling(), Scripted(picky), rungs=("zero-shot:wordings=1", "prompt-search:candidates=6"), items=30)
    rows = {row.name: row for row in report.rungs}
    assert rows["zero-shot"].accuracy == 0.0
    assert rows["prompt-search"].accuracy == 1.0
    assert "twice" in (rows["prompt-search"].never or "").lower()


def test_exam_items_are_asked_in_the_chosen_wording_alone() -> None:
    exam = {item.inputs["number"] for item in Doubling().items(Split.EXAM, 30)}
    for prompt in asked():
        words = set(prompt.replace(".", " ").replace("?", " ").split())
        assert not words & exam or "twice" in prompt.lower()


def test_the_model_s_own_instructions_take_part() -> None:
    def writes(prompt: str) -> str:
        if "instruction" in prompt:
            return "What is twice the number?"
        return picky(prompt)

    world = Doubling(wordings=INSTRUCTED)
    world.pose = lambda item, wording, examples=(): _posed(wording, item)  # type: ignore[method-assign]
    (row,) = sat(world, Scripted(writes), rungs=("prompt-search:candidates=1,proposals=3",), items=20).rungs
    assert row.accuracy == 1.0
    assert "What is twice the number?" in (row.never or "")


def _posed(wording, item):  # type: ignore[no-untyped-def]
    from nightschool.prompts import render

    return render(wording, item)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadSpec, match="items 4"):
        open_rungs(["prompt-search:items=2"])

"""Contradictions, planted: a model that holds everything, one that holds what is wrong, one that wavers by context."""

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.models.scripted import Scripted
from support.answering import number_in, right
from support.sittings import found
from support.tiny_worlds import Doubling


def facts(says: object, **more: object) -> dict[str, object]:
    model = Scripted(says)  # type: ignore[arg-type]
    return dict(found(Doubling(), model, "consistency", rungs=("zero-shot:wordings=1",), items=20, **more).facts)


def test_who_says_the_right_thing_everywhere_never_contradicts_himself() -> None:
    told = facts(right)
    assert told["contradiction"][0] == 0.0  # type: ignore[index]
    assert told["groups"]["one answer everywhere, right"] == 20  # type: ignore[index]


def test_a_wrong_belief_is_held_all_the_same() -> None:
    told = facts(lambda prompt: f"{number_in(prompt) + 1}\n")
    assert told["contradiction"][0] == 0.0  # type: ignore[index]
    assert told["groups"]["one answer everywhere, wrong"] == 20  # type: ignore[index]


def test_who_says_another_thing_in_another_context_contradicts_himself() -> None:
    def wavering(prompt: str) -> str:
        return right(prompt) if "twice" in prompt.lower() else f"{number_in(prompt)}\n"

    told = facts(wavering)
    assert 0.3 < told["contradiction"][0] < 0.7  # type: ignore[index]
    assert told["groups"]["one answer everywhere, right"] == 0  # type: ignore[index]


def test_fewer_than_ten_contexts_are_refused() -> None:
    with pytest.raises(BadSpec, match="at least 10"):
        open_analyses(["consistency:contexts=3"])

"""Contradictions, planted: a model that holds everything, one that holds what is wrong, one that wavers by context."""

from dataclasses import replace

import pytest

from nightschool.errors import BadSpec
from nightschool.exam import open_analyses
from nightschool.items import Item, Split
from nightschool.models.scripted import Scripted
from support.answering import number_in, right
from support.sittings import found
from support.tiny_worlds import WORDINGS, Doubling


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


@pytest.mark.parametrize("shape", ["Nr {}", "{}\nsteps"])
def test_right_answers_with_capitals_or_several_lines_are_right(shape: str) -> None:
    class Shaped(Doubling):
        def items(self, split: Split, limit: int | None = None, seed: int = 0) -> list[Item]:
            return [replace(item, target=shape.format(item.target)) for item in super().items(split, limit, seed)]

    wordings = [replace(wording, stop=()) for wording in WORDINGS]
    world = Shaped(wordings=wordings)
    world.max_answer_tokens = 16
    model = Scripted(lambda prompt: shape.format(2 * number_in(prompt)))
    told = found(world, model, "consistency", rungs=("zero-shot:wordings=1",), items=20).facts
    assert told["groups"]["one answer everywhere, right"] == 20


def test_fewer_than_ten_contexts_are_refused() -> None:
    with pytest.raises(BadSpec, match="at least 10"):
        open_analyses(["consistency:contexts=3"])

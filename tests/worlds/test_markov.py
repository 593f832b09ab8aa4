from collections.abc import Mapping

import pytest

from nightschool.errors import BadSpec
from nightschool.items import Noise, Split
from nightschool.worlds.markov import Markov

WORLD = Markov(states=6, ways=2, shown=20, more=4)


def test_a_continuation_of_the_source_passes_and_a_random_one_seldom_does() -> None:
    items = WORLD.items(Split.EXAM, 100)
    passed = sum(WORLD.reference.judge(item, WORLD.babble(item, Noise((item.id,)))).passed for item in items)
    assert all(WORLD.reference.judge(item, item.target or "").passed for item in items)
    assert passed < 10  # (1/3)^4 of a hundred


def test_the_first_impossible_letter_is_named() -> None:
    item = WORLD.items(Split.EXAM, 1)[0]
    last = item.inputs["last"]
    never = next(letter for letter in WORLD.source.symbols if not WORLD.source.allows(last, letter))
    verdict = WORLD.reference.judge(item, f"{never} a b c")
    assert (verdict.passed, verdict.feedback) == (False, f"{never} never follows {last}.")


@pytest.mark.parametrize("answer", ["", "next is a", "a", "?"])
def test_what_is_no_text_of_the_source_fails(answer: str) -> None:
    item = WORLD.items(Split.EXAM, 1)[0]
    assert not WORLD.reference.judge(item, answer).passed


def test_more_letters_than_wanted_are_judged_too() -> None:
    item = WORLD.items(Split.EXAM, 1)[0]
    end = (item.target or "").split()[-1]
    never = next(letter for letter in WORLD.source.symbols if not WORLD.source.allows(end, letter))
    follows = next(letter for letter in WORLD.source.symbols if WORLD.source.allows(end, letter))
    assert WORLD.reference.judge(item, f"{item.target} {follows}").passed
    assert not WORLD.reference.judge(item, f"{item.target} {never}").passed


def test_marks_look_at_one_step_at_a_time() -> None:
    item = WORLD.items(Split.EXAM, 1)[0]
    assert WORLD.marks(item, item.target or "") == (True,) * 4
    last = item.inputs["last"]
    never = next(letter for letter in WORLD.source.symbols if not WORLD.source.allows(last, letter))
    then = next(letter for letter in WORLD.source.symbols if WORLD.source.allows(never, letter))
    assert WORLD.marks(item, f"{never} {then}") == (False, True)


@pytest.mark.parametrize("given", [{"states": 2}, {"ways": 6}, {"shown": 1}, {"more": 0}, {"chain": -1}, {"ways": 1.0}])
def test_sizes_that_make_no_sense_are_refused(given: Mapping[str, int]) -> None:
    with pytest.raises(BadSpec, match="markov"):
        Markov(**given)

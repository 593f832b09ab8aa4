import pytest

from nightschool.items import Item
from nightschool.worlds.so_far import SoFar

LETTERS = SoFar(
    "letters", lambda item: tuple(item.inputs["row"]), lambda answer: tuple(answer) if answer.isalpha() else None
)
ITEM = Item("i", {"row": "bcd"}, None, "k")


@pytest.mark.parametrize(("answer", "score"), [("", 0.25), (" ", 0.25), ("b", 0.5), ("bc", 0.75), ("bcd", 1.0)])
def test_a_beginning_passes_and_scores_by_how_much_of_it_there_is(answer, score):
    verdict = LETTERS.judge(ITEM, answer)
    assert (verdict.passed, verdict.score) == (True, score)


@pytest.mark.parametrize("answer", ["c", "bd", "bcdb", "b, c"])
def test_what_can_no_longer_become_right_does_not_pass(answer):
    verdict = LETTERS.judge(ITEM, answer)
    assert (verdict.passed, verdict.score) == (False, 0.0)

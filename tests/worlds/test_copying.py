import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Split
from nightschool.worlds.copying import KINDS, Copying, wanted


def item(row: str, cue: str = "") -> Item:
    return Item("i", {"row": row, "cue": cue} if cue else {"row": row}, None, "k")


def test_what_is_wanted_of_a_row() -> None:
    assert wanted(item("k 3 b 7"), "all") == ("k", "3", "b", "7")
    assert wanted(item("k 3 b 7"), "selective") == ("k", "b")
    assert wanted(item("k 3 b 7", "b"), "induction") == ("7",)
    with pytest.raises(ValueError, match="not in"):
        wanted(item("k 3", "z"), "induction")


@pytest.mark.parametrize("answer", ["k b t", "K, B, T", " k b t.\n"])
def test_capitals_and_commas_do_not_count(answer: str) -> None:
    assert Copying("selective", 3).reference.judge(item("k 1 b t 9"), answer).passed


@pytest.mark.parametrize("answer", ["k 1 b t 9", "k b", "b k t", "kbt", ""])
def test_other_answers_fail(answer: str) -> None:
    verdict = Copying("selective", 3).reference.judge(item("k 1 b t 9"), answer)
    assert not verdict.passed
    assert verdict.score < 1
    assert verdict.feedback


def test_marks_say_which_symbols_are_true() -> None:
    assert Copying("all", 3).marks(item("k b t"), "k x t") == (True, False, True)


@pytest.mark.parametrize("kind", KINDS)
def test_misreadings_are_wrong_answers(kind: str) -> None:
    world = Copying(kind)
    for each in world.items(Split.PRACTICE, 20):
        for name, said in world.misreadings(each).items():
            assert not world.reference.judge(each, said).passed, name


def test_a_selective_row_has_so_many_letters_and_digits() -> None:
    for each in Copying("selective", 4, 9).items(Split.EXAM, 20):
        row = each.inputs["row"].split()
        assert sum(symbol.isalpha() for symbol in row) == 4
        assert len(row) == 13


@pytest.mark.parametrize("given", [{"kind": "some"}, {"n": 2}, {"n": 21}, {"fillers": 0}, {"n": True}])
def test_parameters_that_make_no_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadSpec, match="copying"):
        Copying(**given)  # type: ignore[arg-type]

import pytest

from nightschool.asks import Judge, Judged
from nightschool.items import Item, Verdict
from nightschool.search.rounds import Round

ASKS = [Judge(name, Item("i", {}, None, "i"), "x") for name in "abc"]


def told(name: str) -> Judged:
    return Judged(name, Verdict.of(True))


def test_it_is_done_when_all_are_answered_in_whatever_order() -> None:
    round_ = Round.of(ASKS)
    assert not round_.done
    round_ = round_.tell([told("c")])
    assert [ask.id for ask in round_.missing] == ["a", "b"]
    round_ = round_.tell([told("b"), told("a")])
    assert round_.done
    assert [ask.id for ask, _ in round_.pairs()] == ["a", "b", "c"]


def test_nothing_asked_is_done() -> None:
    assert Round().done


def test_a_reply_to_what_was_not_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="not asked"):
        Round.of(ASKS).tell([told("z")])

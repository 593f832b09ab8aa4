from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.compose import All, Any, Combines, Each, Not, Weighted
from nightschool.critics.contains import Contains
from nightschool.critics.exact import Exact
from nightschool.critics.judging import judge
from nightschool.critics.numeric import Numeric
from nightschool.critics.sorted_list import SortedList
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight
from nightschool.registry import make

ITEM = Item("i", {"numbers": "2, 1"}, "1, 2", "k")


class Says(Combines):
    name = "says"
    sight = Sight.VERIFIER

    def __init__(self, verdict: Verdict | None, sight: Sight = Sight.VERIFIER) -> None:
        self.verdict, self.sight = verdict, sight

    def judge(self, item: Item, answer: str) -> Verdict:
        assert (item.target is None) == (self.sight is Sight.VERIFIER)
        if self.verdict is None:
            raise RuntimeError("broken")
        return self.verdict


YES, NO, HALF, BROKEN = (
    Says(Verdict(1, True)),
    Says(Verdict(0, False, "No.")),
    Says(Verdict(0.5, False, "Half.")),
    Says(None),
)


def test_operators_build_flat_compositions() -> None:
    assert isinstance(YES & NO, All)
    assert len((YES & NO & HALF).parts) == 3
    assert len((YES | NO | HALF).parts) == 3
    assert (Exact() & ~Numeric() | SortedList()).name == "any(all(exact; not(numeric)); sorted-list)"


def test_all_any_not() -> None:
    assert judge(YES & YES, ITEM, "") == Verdict(1, True)
    assert judge(YES & NO & HALF, ITEM, "") == Verdict(0, False, "No. Half.")
    assert judge(NO | HALF, ITEM, "") == Verdict(0.5, False, "No. Half.")
    assert judge(NO | YES, ITEM, "") == Verdict(1, True)
    assert judge(~NO, ITEM, "") == Verdict(1, True)
    assert judge(~YES, ITEM, "") == Verdict(0, False, "The answer must not pass says.")


def test_an_error_is_an_error_unless_the_others_decide() -> None:
    for broken in (YES & BROKEN, NO | BROKEN, ~BROKEN, Weighted([(1, YES), (1, BROKEN)])):
        error = judge(broken, ITEM, "x").error
        assert error == 'critic says failed on item i, answer "x": RuntimeError: broken'
    assert judge(NO & BROKEN, ITEM, "").error is None
    assert not judge(NO & BROKEN, ITEM, "").passed
    assert judge(YES | BROKEN, ITEM, "").passed


def test_weights_are_shares() -> None:
    assert judge(Weighted([(3, YES), (1, NO)]), ITEM, "") == Verdict(0.75, False, "No.")
    assert judge(Weighted([(3, YES), (1, NO)], pass_at=0.75), ITEM, "") == Verdict(0.75, True)
    assert judge(Weighted([(0.1, YES)] * 10), ITEM, "") == Verdict(1, True)


def test_sight_is_the_widest_and_verifiers_stay_blind_inside() -> None:
    seeing = Says(Verdict(1, True), Sight.REFERENCE)
    assert (YES & NO).sight is Sight.VERIFIER
    assert (YES & seeing).sight is (~seeing).sight is Weighted([(1, seeing)]).sight is Sight.REFERENCE
    assert judge(YES & seeing, ITEM, "") == Verdict(1, True)


@pytest.mark.parametrize(
    "build",
    [
        lambda: All([]), lambda: Any([]), lambda: Weighted([]), lambda: Weighted([(0, YES)]),
        lambda: Weighted([(float("nan"), YES)]), lambda: Weighted([(1, YES)], pass_at=0),
    ],
)  # fmt: skip
def test_compositions_that_make_no_sense(build: object) -> None:
    with pytest.raises(BadSpec):
        build()  # type: ignore[operator]


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_de_morgan(truths: list[bool]) -> None:
    parts = [Says(Verdict.of(truth)) for truth in truths]
    assert judge(Not(All(parts)), ITEM, "").passed == judge(Any([Not(p) for p in parts]), ITEM, "").passed


def test_an_item_is_judged_by_its_own() -> None:
    each = make("critics", "composed", each={"a": Exact(), "b": Contains("tea")})
    assert isinstance(each, Each)
    assert each.judge(Item("a", {}, "tea", "k"), "tea").passed
    assert not each.judge(Item("a", {}, "tea", "k"), "tea, please").passed
    assert each.judge(Item("b", {}, None, "k"), "tea, please").passed
    with pytest.raises(LookupError, match="no line of this file is the item 'c'"):
        each.judge(Item("c", {}, None, "k"), "tea")


def test_text_names_no_mapping() -> None:
    with pytest.raises(BadSpec, match="each is a mapping"):
        make("critics", "composed:each=exact")


def test_each_is_a_verifier_where_all_are() -> None:
    assert Each({"a": Contains("tea"), "b": Contains("cup")}).sight is Sight.VERIFIER
    assert Each({"a": Contains("tea"), "b": Exact()}).sight is Sight.REFERENCE

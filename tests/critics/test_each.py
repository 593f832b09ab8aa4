from __future__ import annotations

import pytest

from nightschool.critics.contains import Contains
from nightschool.critics.each import Each
from nightschool.critics.exact import Exact
from nightschool.errors import BadSpec
from nightschool.items import Item
from nightschool.ports import Sight
from nightschool.registry import make


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


def test_it_is_a_verifier_where_all_are() -> None:
    assert Each({"a": Contains("tea"), "b": Contains("cup")}).sight is Sight.VERIFIER
    assert Each({"a": Contains("tea"), "b": Exact()}).sight is Sight.REFERENCE

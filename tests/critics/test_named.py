from __future__ import annotations

import pytest

from nightschool.critics.compose import Weighted
from nightschool.critics.judging import judge
from nightschool.critics.named import critic
from nightschool.critics.numeric import Numeric
from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Item
from nightschool.registry import load, names

ITEM = Item("i", {"numbers": "2, 1"}, "42", "k")


def test_a_plain_specification() -> None:
    found = critic("numeric:tolerance=0.5")
    assert isinstance(found, Numeric)
    assert judge(found, ITEM, "42.4").passed


@pytest.mark.parametrize(
    ("text", "answer", "passed"),
    [
        ("all(numeric; regex:pattern=[0-9]+)", "42", True),
        ("all(numeric; regex:pattern=[0-9]+)", "42.0", False),
        ("any(exact; numeric)", "42.0", True),
        ("not(contains:text=sorry)", "I am sorry", False),
        ("all(not(contains:text=sorry); any(exact; numeric:find=last))", "it is 42", True),
        (r"regex:pattern=(4)(2)", "42", True),
        ("weighted(0.7 numeric; 0.3 exact; pass_at=0.7)", "42.0", True),
        ("weighted(0.7 numeric; 0.3 exact)", "42.0", False),
    ],
)
def test_compositions(text: str, answer: str, passed: bool) -> None:
    assert judge(critic(text), ITEM, answer).passed is passed


def test_weights_are_read() -> None:
    found = critic("weighted(3 exact; 1 numeric; pass_at=0.5)")
    assert isinstance(found, Weighted)
    assert [weight for weight, _ in found.parts] == [0.75, 0.25]
    assert found.pass_at == 0.5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("all()", "empty"),
        ("all(exact;)", "empty"),
        ("all(exact; (numeric)", "do not match"),
        ("not(exact; numeric)", "one critic, not 2"),
        ("weighted(exact; 1 numeric)", "no weight"),
        ("weighted(1 exact; pass_at=high)", "not a number"),
        ("weighted(1.2.3 exact)", "not a number"),
        ("weighted(0 exact)", "above 0"),
        ("exact:colour=red", "no parameter of exact called 'colour'"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(BadSpec, match=why):
        critic(text)


def test_an_unknown_critic_names_the_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean exact"):
        critic("all(exakt; numeric)")


def test_every_registered_critic_loads() -> None:
    for name in names("critics"):
        assert callable(load("critics", name))

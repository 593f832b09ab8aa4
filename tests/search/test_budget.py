import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import BadBudget
from nightschool.items import Usage
from nightschool.search.budget import Budget, Left


def test_reads_every_unit() -> None:
    assert Budget.parse("2000tok, 30s,2usd,16calls") == Budget(tokens=2000, calls=16, seconds=30.0, usd=2.0)
    assert Budget.parse("1.5m").seconds == 90
    assert Budget.parse("2h").seconds == 7200
    assert Budget.parse("1_000TOK").tokens == 1000
    assert Budget.parse(".05usd").usd == 0.05


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot read ''"),
        ("5", "cannot read '5'"),
        ("5 apples", "cannot read '5 apples'"),
        ("-5tok", "cannot read '-5tok'"),
        ("0tok", "0 tokens allows nothing"),
        ("0s", "allows nothing"),
        ("1tok,2tok", "tokens twice"),
        ("30s,1m", "seconds twice"),
        ("1.5tok", "no fractions of tokens"),
        ("nanusd", "cannot read"),
        ("1e3tok", "cannot read"),
    ],
)
def test_says_what_to_type(text: str, says: str) -> None:
    with pytest.raises(BadBudget, match=says) as caught:
        Budget.parse(text)
    assert "2000tok,16calls,30s,2usd" in str(caught.value)


@pytest.mark.parametrize("amount", [0, -1, math.nan, math.inf])
def test_allows_no_senseless_amount(amount: float) -> None:
    with pytest.raises(BadBudget):
        Budget(usd=amount)


amounts = st.builds(
    Budget,
    tokens=st.none() | st.integers(1, 10**9),
    calls=st.none() | st.integers(1, 10**6),
    seconds=st.none() | st.integers(1, 10**9).map(lambda n: n / 1000),
    usd=st.none() | st.integers(1, 10**9).map(lambda n: n / 10**6),
).filter(lambda budget: budget != Budget())


@given(amounts)
def test_is_written_as_it_is_read(budget: Budget) -> None:
    assert Budget.parse(str(budget)) == budget


@given(amounts, st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_is_left_and_what_was_spent_make_the_whole(budget: Budget, sampled: int, weighed: int) -> None:
    left = budget.left(Usage(prompt_tokens=7, sampled_tokens=sampled, weighed_tokens=weighed))
    if budget.tokens is None:
        assert left.tokens == math.inf
    elif sampled + weighed <= budget.tokens:
        assert left.tokens + sampled + weighed == budget.tokens
    else:
        assert left.tokens == 0
        assert left.nothing


def test_of_two_the_smaller_counts() -> None:
    left = Budget(tokens=5, calls=3).left(Usage()).least(Budget(tokens=2, seconds=1).left(Usage()))
    assert left == Left(tokens=2, calls=3, seconds=1)
    assert not left.nothing
    assert Budget(calls=1).left(Usage(calls=1)).nothing


@given(amounts, amounts)
def test_a_budget_within_another_keeps_both(one: Budget, other: Budget) -> None:
    both = one.within(other)
    assert both == other.within(one)
    assert both.left(Usage()) == one.left(Usage()).least(other.left(Usage()))


@given(amounts)
def test_what_is_left_of_an_untouched_budget_is_that_budget(budget: Budget) -> None:
    assert budget.left(Usage()).as_budget() == budget


def test_nothing_left_is_no_budget() -> None:
    with pytest.raises(BadBudget):
        Budget(tokens=3).left(Usage(sampled_tokens=3)).as_budget()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.config import Price
from nightschool.drive.ledger import Ledger, Need, ask_for
from nightschool.items import Usage
from nightschool.ports import Requests
from nightschool.search.budget import Budget


def test_all_is_granted_when_all_can_be_paid() -> None:
    ledger = Ledger(Budget(tokens=40))
    grant = ask_for(Need(10, 4), (ledger,))
    assert grant is not None
    assert (grant.parts, grant.tokens) == (4, 10)
    assert ledger.left().tokens == 0
    ledger.settle(grant.usage, Usage(sampled_tokens=12))
    assert ledger.left().tokens == 28


def test_what_does_not_fit_waits_while_something_is_in_flight() -> None:
    ledger = Ledger(Budget(tokens=40))
    first = ask_for(Need(10, 3), (ledger,))
    assert first is not None
    assert ask_for(Need(10, 3), (ledger,)) is None
    ledger.settle(first.usage, Usage(sampled_tokens=3))
    second = ask_for(Need(10, 3), (ledger,))
    assert second is not None
    assert second.parts == 3


def test_then_as_many_parts_as_fit_then_a_shorter_one_then_none() -> None:
    ledger = Ledger(Budget(tokens=25))
    parts = []
    for _ in range(3):
        grant = ask_for(Need(10, 4), (ledger,))
        assert grant is not None
        parts.append((grant.parts, grant.tokens))
        if grant.parts:
            ledger.settle(grant.usage, Usage(sampled_tokens=grant.parts * grant.tokens))
    assert parts == [(2, 10), (1, 5), (0, 0)]


def test_what_cannot_be_divided_is_granted_whole_or_not() -> None:
    ledger = Ledger(Budget(tokens=9))
    grant = ask_for(Need(10, weighed=True, divisible=False), (ledger,))
    assert grant is not None
    assert grant.parts == 0
    grant = ask_for(Need(9, weighed=True, divisible=False), (ledger,))
    assert grant is not None
    assert grant.usage.weighed_tokens == 9


def test_calls_are_refused_at_once() -> None:
    ledger = Ledger(Budget(calls=1))
    assert ask_for(Need(10), (ledger,)) is not None
    grant = ask_for(Need(10), (ledger,))
    assert grant is not None
    assert grant.parts == 0


def test_money_pays_the_prompt_first() -> None:
    ledger = Ledger(Budget(usd=1.0), Price(prompt=1000, sampled=10_000))
    grant = ask_for(Need(10, 20, prompt_tokens=500), (ledger,))
    assert grant is not None
    assert grant.parts == 5, "half a dollar is left for tokens of a cent each"
    ledger = Ledger(Budget(usd=1.0), Price(prompt=1000, sampled=10_000))
    grant = ask_for(Need(10, 20, prompt_tokens=1001), (ledger,))
    assert grant is not None
    assert grant.parts == 0


def test_every_request_reads_the_prompt_and_a_part_of_the_draws_is_counted_as_such() -> None:
    ledger = Ledger(Budget(usd=1.0), Price(prompt=1000, sampled=1000))

    def made(parts: int) -> Requests:
        return Requests(-(-parts // 2), sampled=1)

    grant = ask_for(Need(10, 20, prompt_tokens=200, requests=made), (ledger,))
    assert grant is not None
    assert grant.parts == 8, "four prompts, eighty tokens and the one beside; two more draws are a fifth prompt"
    assert grant.usage == Usage(prompt_tokens=800, sampled_tokens=81, calls=1)
    grant = ask_for(Need(10, 20, prompt_tokens=990, requests=made), (Ledger(Budget(usd=1.0), ledger.price),))
    assert grant is not None
    assert (grant.parts, grant.tokens) == (1, 9), "the last draw is shorter by what is read and sampled beside"


def test_what_is_sampled_beside_weighed_tokens_is_set_aside() -> None:
    need = Need(10, weighed=True, divisible=False, requests=lambda parts: Requests(3, 3))
    grant = ask_for(need, (Ledger(Budget(tokens=12)),))
    assert grant is not None
    assert grant.parts == 0
    grant = ask_for(need, (Ledger(Budget(tokens=13)),))
    assert grant is not None
    assert grant.usage.tokens == 13


def test_the_narrower_of_two_budgets_counts_and_both_are_charged() -> None:
    own, common = Ledger(Budget(tokens=100)), Ledger(Budget(tokens=30))
    grant = ask_for(Need(10, 8), (own, common))
    assert grant is not None
    assert grant.parts == 3
    assert (own.left().tokens, common.left().tokens) == (70, 0)


@given(st.integers(1, 100), st.lists(st.tuples(st.integers(1, 12), st.integers(1, 5)), max_size=12), st.data())
def test_a_budget_is_spent_as_if_one_after_the_other(
    tokens: int, asks: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whatever is in flight together and whatever comes back first, the same draws are made, of the same length."""
    lengths = [[data.draw(st.integers(1, most)) for _ in range(parts)] for most, parts in asks]
    expected, left = [], tokens
    for (most, _), wanted in zip(asks, lengths, strict=True):
        for length in wanted:
            spent = min(length, left, most)
            expected.append(spent)
            left -= spent
    ledger, made, flying = Ledger(Budget(tokens=tokens)), [], []
    for (most, parts), wanted in zip(asks, lengths, strict=True):
        done = 0
        while done < parts:
            grant = ask_for(Need(most, parts - done), (ledger,))
            if grant is None:
                ledger.settle(*flying.pop(data.draw(st.integers(0, len(flying) - 1))))
                continue
            if grant.parts == 0:
                made += [0] * (parts - done)
                break
            spent = [min(length, grant.tokens) for length in wanted[done : done + grant.parts]]
            made += spent
            done += grant.parts
            flying.append((grant.usage, Usage(sampled_tokens=sum(spent))))
            assert ledger.left().tokens >= 0
    assert made == expected


def test_a_price_below_zero_is_none() -> None:
    with pytest.raises(ValueError, match="not below zero"):
        Price(prompt=-1)

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.texts.values import is_a, occurs, same


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("date",
         ["2025-03-14", "14 March 2025", "March 14, 2025", "14th of March", "Sep 1 2024", "14.3.2025", "2/29/2024"],
         ["2025-02-30", "soon", "14 Marchember", "2025", "31/31/2025", "14 March 2025 or so"]),
        ("amount", ["12", "$12.50", "1,250 EUR", "€ 99", "30 euros", "-5 USD"], ["$", "twelve", "$5 EUR", "12 apples"]),
        ("number", ["12", "1/2"], ["twelve", "$12"]),
        ("email", ["a.b@example.org"], ["a@b", "example.org", "a@b.org or so"]),
        ("text", ["x"], [" "]),
    ],
)  # fmt: skip
def test_what_is_a_value_of_its_kind(kind: str, good: list[str], bad: list[str]) -> None:
    assert [is_a(kind, text) for text in good] == [True] * len(good)
    assert [is_a(kind, text) for text in bad] == [False] * len(bad)


@pytest.mark.parametrize(
    ("kind", "one", "other", "equal"),
    [
        ("date", "2025-03-14", "March 14th, 2025", True),
        ("date", "2025-03-14", "15 March 2025", False),
        ("date", "3/4/2025", "2025-04-03", True),
        ("date", "3/4/2025", "2025-03-04", True),
        ("amount", "$1,250.00", "1250 dollars", True),
        ("amount", "$1250", "1250", True),
        ("amount", "$1250", "€1250", False),
        ("amount", "12.5", "12.51", False),
        ("number", "0.5", "1/2", True),
        ("text", "Ada  Lovelace", "ada lovelace", True),
        ("text", "Ada", "Ada L.", False),
    ],
)
def test_the_same_value_however_written(kind: str, one: str, other: str, equal: bool) -> None:
    assert same(kind, one, other) is equal
    assert same(kind, other, one) is equal


def test_occurring_means_whole_words_or_the_same_value() -> None:
    message = "Hi, Ann Bolt here. Invoice 77 over $1,250.00 is due on March 14, 2025."
    assert occurs("text", "ann bolt", message)
    assert not occurs("text", "Ann Bol", message)
    assert not occurs("text", "nn Bolt", message)
    assert occurs("date", "2025-03-14", message)
    assert not occurs("date", "2025-03-15", message)
    assert occurs("amount", "1250 USD", message)
    assert not occurs("amount", "125", message)
    assert not occurs("text", " ", message)


@given(
    st.dates(),
    st.sampled_from(["{0.day} {0:%B} {0.year:04d}", "{0:%B} {0.day}, {0.year:04d}", "{0.day}.{0.month}.{0.year:04d}"]),
)
def test_every_date_is_the_same_in_every_way_of_writing(day: date, form: str) -> None:
    assert same("date", day.isoformat(), form.format(day))
    assert occurs("date", day.isoformat(), f"It is due on {form.format(day)}, they say.")

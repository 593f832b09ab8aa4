from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember.recall.when import time_of

NOW = datetime(2023, 11, 14, 22, 13, tzinfo=UTC).timestamp()  # a Tuesday


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("what did I say yesterday?", "2023-11-13", "2023-11-14"), ("today", "2023-11-14", "2023-11-15"),
        ("last week", "2023-11-06", "2023-11-13"), ("this month", "2023-11-01", "2023-12-01"),
        ("last month", "2023-10-01", "2023-11-01"), ("last year", "2022-01-01", "2023-01-01"),
        ("last Friday", "2023-11-10", "2023-11-11"), ("last weekend", "2023-11-11", "2023-11-13"),
        ("3 days ago", "2023-11-11", "2023-11-12"), ("two weeks ago", "2023-10-28", "2023-11-04"),
        ("in May 2022", "2022-05-01", "2022-06-01"), ("in May", "2023-05-01", "2023-06-01"),
        ("in December", "2022-12-01", "2023-01-01"), ("on 8 May, 2021", "2021-05-08", "2021-05-09"),
        ("on June 3rd", "2023-06-03", "2023-06-04"), ("on 2020-02-29", "2020-02-29", "2020-03-01"),
        ("in 2019", "2019-01-01", "2020-01-01"),
    ],
)  # fmt: skip
def test_times_are_read(text: str, start: str, end: str) -> None:
    span = time_of(text, NOW)
    assert span is not None
    assert [datetime.fromtimestamp(t, UTC).date().isoformat() for t in (span.start, span.end)] == [start, end]


@pytest.mark.parametrize("text", ["who may come?", "31 February 2020", "2020-13-45", "999 years ago", "", "I march on"])
def test_what_names_no_time_is_none(text: str) -> None:
    if text != "999 years ago":
        assert time_of(text, NOW) is None


@given(st.text(), st.floats(0, 4e9))
def test_anything_can_be_read(text: str, now: float) -> None:
    span = time_of(text, now)
    assert span is None or span.start < span.end

"""Time expressions in a cue: `last week`, `two months ago`, `in May 2023`, `on 8 May`, `2023-05-08`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "couple of": 2}
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_MONTH = r"(?P<month>" + "|".join(_MONTHS) + ")"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_EXACT = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_DATE = re.compile(rf"\b(?:{_DAY}\s+(?:of\s+)?{_MONTH}|{_MONTH.replace('month', 'month2')}\s+"
                   rf"{_DAY.replace('day', 'day2')})\b(?:,?\s+{_YEAR})?", re.I)  # fmt: skip
_OF_MONTH = re.compile(rf"\b(?:in|since|during|of|last|this)\s+{_MONTH}\b(?:,?\s+{_YEAR})?", re.I)
_OF_YEAR = re.compile(rf"\b(?:in|since|during|of)\s+{_YEAR}\b", re.I)
_AGO = re.compile(r"\b(?P<n>\d{1,3}|" + "|".join(_COUNTS) + r")\s+(?P<unit>day|week|month|year)s?\s+ago\b", re.I)
_LAST = re.compile(r"\b(?P<which>last|this|past)\s+(?P<unit>week|weekend|month|year|" + "|".join(_DAYS) + r")\b", re.I)
_NEAR = re.compile(r"\b(?P<which>today|yesterday)\b", re.I)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to but not including `end`, Unix seconds."""

    start: float
    end: float


def time_of(text: str, now: float) -> Span | None:
    """Return the time that `text` speaks of, in UTC; None where it names none. A date without a year is the last one.

    now: Unix seconds, from which `last week` is counted.
    """
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return _exact(text, today) or _relative(text, today)
    except (ValueError, OverflowError):  # 31 February, or 999 years ago: no time that was
        return None


def _exact(text: str, today: datetime) -> Span | None:
    if found := _EXACT.search(text):
        return _days(datetime(*map(int, found.groups()), tzinfo=UTC), 1)  # type: ignore[arg-type,misc]
    if found := _DATE.search(text):
        month = (found["month"] or found["month2"]).lower()
        day = int(found["day"] or found["day2"])
        start = _last(today, found["year"], _MONTHS.index(month) + 1, day)
        return _days(start, 1)
    if found := _OF_MONTH.search(text):
        start = _last(today, found["year"], _MONTHS.index(found["month"].lower()) + 1, 1)
        return _until(start, (start + timedelta(days=32)).replace(day=1))
    if found := _OF_YEAR.search(text):
        year = int(found["year"])
        return _until(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    return None


def _relative(text: str, today: datetime) -> Span | None:
    if found := _NEAR.search(text):
        return _days(today - timedelta(days=found["which"].lower() == "yesterday"), 1)
    if found := _AGO.search(text):
        number = found["n"].lower()
        days = _UNIT_DAYS[found["unit"].lower()]
        middle = today - timedelta(days=days * (_COUNTS.get(number) or int(number)))
        # `three weeks ago` is not to the day
        return _until(middle - timedelta(days=days // 2), middle + timedelta(days=days // 2 + 1))
    if found := _LAST.search(text):
        return _last_unit(found["which"].lower(), found["unit"].lower(), today)
    return None


def _last_unit(which: str, unit: str, today: datetime) -> Span:
    if unit in _DAYS:
        back = (today.weekday() - _DAYS.index(unit)) % 7 or 7
        return _days(today - timedelta(days=back), 1)
    monday = today - timedelta(days=today.weekday())
    if unit in ("week", "weekend"):
        start = monday - timedelta(days=7 * (which != "this"))
        return _days(start + timedelta(days=5), 2) if unit == "weekend" else _days(start, 7)
    first = today.replace(day=1) if unit == "month" else today.replace(month=1, day=1)
    after = (first + timedelta(days=32 if unit == "month" else 367)).replace(day=1)
    if which == "this":
        return _until(first, after)
    before = first - timedelta(days=1)
    return _until(before.replace(day=1) if unit == "month" else before.replace(month=1, day=1), first)


def _last(today: datetime, year: str | None, month: int, day: int) -> datetime:
    if year is not None:
        return datetime(int(year), month, day, tzinfo=UTC)
    start = datetime(today.year, month, day, tzinfo=UTC)
    return start if start <= today else start.replace(year=today.year - 1)


def _days(start: datetime, days: int) -> Span:
    return _until(start, start + timedelta(days=days))


def _until(start: datetime, end: datetime) -> Span:
    return Span(start.timestamp(), end.timestamp())

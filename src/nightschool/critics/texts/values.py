"""Kinds of values in short messages (dates, amounts, numbers, addresses): reading, finding and comparing them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from nightschool.critics.contains import stands_in
from nightschool.critics.texts.numerals import NUMBER, read_number

KINDS = ("text", "date", "amount", "number", "email")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"  # noqa: E501
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_DATES = (
    (re.compile(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b", re.ASCII), ("y", "m", "d")),
    (re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH},?(?:\s+(\d{{4}}))?\b", re.I | re.ASCII), ("d", "m", "y")),
    (re.compile(rf"\b{_MONTH}\s+{_DAY}(?:,?\s+(\d{{4}}))?\b", re.I | re.ASCII), ("m", "d", "y")),
    (re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b", re.ASCII), ("d", "m", "y")),
    (re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", re.ASCII), ("m", "d", "y")),
)
_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "dollar": "USD",
    "dollars": "USD", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "chf": "CHF", "¥": "JPY", "jpy": "JPY",
}  # fmt: skip
_CURRENCY = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_AMOUNT = re.compile(rf"(?:(?<![^\W\d_])({_CURRENCY})\s?)?({NUMBER.pattern})(?:\s?({_CURRENCY})(?![^\W\d_]))?", re.I)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.ASCII)

_Date = tuple[int | None, int, int]  # without a year where none is written
_Amount = tuple[Fraction, str | None]


def is_a(kind: str, text: str) -> bool:
    """Return whether `text` is, as a whole, a value of `kind`."""
    text = text.strip()
    match kind:
        case "date":
            return bool(_dates(text, whole=True))
        case "amount":
            return (match := _AMOUNT.fullmatch(text)) is not None and _amount(match) is not None
        case "number":
            return read_number(text) is not None
        case "email":
            return _EMAIL.fullmatch(text) is not None
    return bool(text)


def same(kind: str, one: str, other: str) -> bool:
    """Return whether two texts are the same value of `kind`, however written.

    A date such as 3/4/2025 may be the third of April or the fourth of March: it equals both. An amount without a
    currency equals the same amount in any. Text is compared without capitals, and with any white space as one space.
    """
    if _plain(one) == _plain(other):
        return True
    match kind:
        case "date":
            return bool(_dates(one.strip(), whole=True) & _dates(other.strip(), whole=True))
        case "amount":
            return _agree(_amounts(one, whole=True), _amounts(other, whole=True))
        case "number":
            value = read_number(one)
            return value is not None and value == read_number(other)
    return False


def occurs(kind: str, value: str, message: str) -> bool:
    """Return whether `value` stands in `message`: the same words as written, or the same value of `kind`."""
    plain = _plain(value)
    if plain and stands_in(plain, _plain(message)):
        return True
    match kind:
        case "date":
            return bool(_dates(value.strip(), whole=True) & _dates(message))
        case "amount":
            return _agree(_amounts(value, whole=True), _amounts(message))
        case "number":
            number = read_number(value)
            return number is not None and any(number == read_number(m.group()) for m in NUMBER.finditer(message))
    return False


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _dates(text: str, whole: bool = False) -> set[_Date]:
    found: set[_Date] = set()
    for pattern, order in _DATES:
        matches = [pattern.fullmatch(text)] if whole else pattern.finditer(text)
        for match in matches:
            if match is not None and (value := _date(dict(zip(order, match.groups(), strict=True)))):
                found.add(value)
    return found


def _date(parts: dict[str, str | None]) -> _Date | None:
    month = parts["m"] or ""
    m = int(month) if month.isdigit() else _MONTHS.index(month.lower()[:3]) + 1
    year = None if parts["y"] is None else int(parts["y"])
    try:
        there = date(2000 if year is None else year, m, int(parts["d"] or 0))  # 2000 has a 29 February
    except ValueError:
        return None
    return (year, there.month, there.day)


def _amounts(text: str, whole: bool = False) -> list[_Amount]:
    matches: Iterable[re.Match[str] | None] = [_AMOUNT.fullmatch(text.strip())] if whole else _AMOUNT.finditer(text)
    return [amount for match in matches if match is not None and (amount := _amount(match)) is not None]


def _amount(match: re.Match[str]) -> _Amount | None:
    before, digits, after = match.groups()
    value = read_number(digits)
    if value is None or (before and after):
        return None
    return value, _CURRENCIES.get((before or after or "").lower())


def _agree(some: list[_Amount], others: list[_Amount]) -> bool:
    return any(a == b and (c is None or d is None or c == d) for a, c in some for b, d in others)

"""Numbers as a reader wants them, and the sentences made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def percent(rate: float | None) -> str:
    """Return a rate in per cent, never rounding to nothing or all what is not; small ones with a decimal.

    >>> percent(0.5), percent(0.045), percent(0.001), percent(0.999), percent(1.0), percent(None)
    ('50%', '4.5%', '<1%', '>99%', '100%', '–')
    """
    if rate is None:
        return "–"
    if 0 < rate < 0.005:
        return "<1%"
    if 0.995 <= rate < 1:
        return ">99%"
    written = f"{100 * rate:.1f}" if rate < 0.1 else f"{100 * rate:.0f}"
    return f"{written.removesuffix('.0')}%"


def points(difference: float | None) -> str:
    """Return a difference of rates in points, with its sign; small ones with a decimal.

    >>> points(0.5), points(-0.034), points(0.02), points(0.0)
    ('+50', '−3.4', '+2', '±0')
    """
    if difference is None:
        return "–"
    size = abs(100 * difference)
    written = (f"{size:.1f}" if size < 9.95 else f"{size:.0f}").removesuffix(".0")
    return "±0" if written == "0" else ("+" if difference > 0 else "−") + written


def p_text(p: float | None) -> str:
    """Return a p-value as text.

    >>> p_text(0.00001), p_text(0.0346), p_text(0.5), p_text(None)
    ('p < 0.001', 'p = 0.035', 'p = 0.50', '')
    """
    if p is None:
        return ""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(number: float | None) -> str:
    """Return a count with thin spaces between thousands.

    >>> count(12345), count(7), count(None)
    ('12\u202f345', '7', '–')
    """
    return "–" if number is None else f"{number:,.0f}".replace(",", "\u202f")


def short(number: float | None) -> str:
    """Return a small amount with as many digits as mean something.

    >>> short(0.0234), short(3.14159), short(31.4), short(2000.0)
    ('0.023', '3.1', '31', '2\u202f000')
    """
    if number is None:
        return "–"
    if number == 0:
        return "0"
    if number < 1:
        return f"{number:.2g}"
    return f"{number:.1f}" if number < 10 else count(number)


def seconds(amount: float | None) -> str:
    """Return a time as text.

    >>> seconds(0.034), seconds(4.2), seconds(75), seconds(5400)
    ('34 ms', '4.2 s', '1 min 15 s', '1 h 30 min')
    """
    if amount is None:
        return "–"
    if amount < 1:
        return f"{1000 * amount:.0f} ms"
    if amount < 60:
        return f"{short(amount)} s"
    minutes, rest = divmod(round(amount), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def way_text(row: Mapping[str, Any]) -> str:
    """Return how a row's answers were got, in words."""
    if row.get("spread"):
        return f"mean of {len(row['spread'])} wordings"
    way = row.get("way")
    if not way:
        return row.get("never") or ""
    strategy = str(way["strategy"])
    number = strategy.partition("n=")[2].partition(",")[0]
    if strategy.startswith("best-of-n"):
        draws = "one draw" if number == "1" else f"best of {number} draws, chosen by the verifier"
    elif strategy.startswith("vote"):
        draws = f"majority of {number} draws"
    else:
        draws = "greedy" if way["temperature"] == 0 else "one draw"
    shown = len(way["examples"])
    parts = [draws, f"wording “{way['wording']}”"]
    if shown:
        parts.append(f"{shown} worked example{'s' if shown > 1 else ''}")
    if way.get("adapter"):
        parts.append(f"adapter {way['adapter'][:10]}")
    return ", ".join(parts)


def headline(data: Mapping[str, Any]) -> str:
    """Return the page in one sentence, out of its numbers."""
    if data.get("headline"):
        return str(data["headline"])
    change, gate, exam = data.get("change"), data.get("gate"), data.get("exam")
    model = data.get("model") or (exam or {}).get("model") or "The model"
    task = data.get("task") or (exam or {}).get("task") or "the task"
    if change:
        said = f"{model} went from {percent(change['before']['accuracy'])} to {percent(change['after']['accuracy'])} "
        said += f"on {task}"
        if gate:
            return said + (", and the night was accepted." if gate["accepted"] else ", and the night was rolled back.")
        return said + "."
    rows = [row for row in (exam or {}).get("rungs", ()) if row.get("accuracy") is not None]
    if not rows:
        return f"{model} was asked nothing that could be graded on {task}."
    plain = next((row for row in rows if row["name"] == "zero-shot"), rows[0])
    best = max((row for row in rows if row.get("recommendable")), key=lambda row: row["accuracy"], default=plain)
    what = f"{plain['remark']} in" if plain.get("remark") else f"gets {percent(plain['accuracy'])} on"
    said = f"Asked plainly, {model} {what} {task}"
    if best["accuracy"] > plain["accuracy"]:
        return f"{said}; the best way measured, {best['name']}, gets {percent(best['accuracy'])}."
    return f"{said}; no other way measured does better."

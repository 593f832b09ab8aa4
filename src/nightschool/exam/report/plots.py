"""The drawings of findings: curves with their bands, parts of a whole, rates on one axis. Plain numbers in, svg out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from nightschool.exam.report.charts import TICKS, strip
from nightschool.exam.report.svg import dot, drawing, line, path, rect, tag, text
from nightschool.exam.report.words import percent, short

_WIDTH, _HEIGHT = 720.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 700.0, 16.0, 250.0
COLOURS = ("night", "dawn", "good", "soft", "bad")


def plot(data: Mapping[str, Any]) -> Markup:
    """Return the drawing that `data` (an `exam.finding.Drawing` as a dictionary) describes."""
    match data["kind"]:
        case "shares":
            return shares(data["parts"], data["title"])
        case "strip":
            return strip({name: part[0] for name, part in data["parts"].items()})
    return lines(data)


def lines(data: Mapping[str, Any]) -> Markup:
    """Return curves, or dots where the kind says so, on common axes, with their names above."""
    series = [each for each in data["series"] if each["points"]]
    points = [tuple(point) for each in series for point in each["points"]]
    if not points:
        return drawing(_WIDTH, 30, f"{data['title']}: nothing to draw", text(_LEFT, 20, "nothing to draw", "axis"))
    x_low, x_high = min(0.0 if data["x"] else math.inf, min(x for x, _ in points)), max(x for x, _ in points)
    y_ticks, y_of = _y_axis(data, [y for _, y in points])
    span = (x_high - x_low) or 1.0

    def x_of(x: float) -> float:
        return float(_LEFT + (_RIGHT - _LEFT) * (x - x_low) / span)

    parts: list[Markup] = []
    for tick, label in y_ticks:
        parts.append(line(_LEFT, y_of(tick), _RIGHT, y_of(tick), "grid"))
        parts.append(text(_LEFT - 8, y_of(tick) + 4, label, "axis", "end"))
    for tick in _round(x_low, x_high):
        parts.append(text(x_of(tick), _BOTTOM + 18, short(tick), "axis", "middle"))
    parts.append(text((_LEFT + _RIGHT) / 2, _BOTTOM + 36, data["x"], "axis", "middle"))
    for each in series:
        band = [tuple(edge) for edge in each["band"]]
        if len(band) > 1:
            outline = [(x_of(x), y_of(high)) for x, _, high in band] + [
                (x_of(x), y_of(low)) for x, low, _ in band[::-1]
            ]
            parts.append(path(outline, f"area {each['kind']}"))
    for each in series:
        places = [(x_of(x), y_of(y)) for x, y in each["points"]]
        if data["kind"] == "lines" and len(places) > 1:
            parts.append(path(places, f"line {each['kind']}"))
        if data["kind"] == "dots" or len(places) <= 24:
            radius = 3.5 if each["kind"] != "dashed" else 0.0
            for (x, y), (cx, cy) in zip(each["points"], places, strict=True):
                if radius:
                    parts.append(dot(cx, cy, radius, f"mark {each['kind']}", f"{each['name']}: {short(x)}, {short(y)}"))
    parts += _legend(series)
    return drawing(_WIDTH, _HEIGHT + 6, data["title"], *parts)


def _legend(series: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Return the names of the curves in a row below the drawing, each behind a sample of its line."""
    parts: list[Markup] = []
    x = _LEFT
    for each in series if len(series) > 1 else ():
        parts.append(path([(x, _HEIGHT - 2), (x + 18, _HEIGHT - 2)], f"line {each['kind']}"))
        parts.append(text(x + 24, _HEIGHT + 2, each["name"], "axis"))
        x += 40 + 6.6 * len(each["name"])
    return parts


def _y_axis(data: Mapping[str, Any], ys: Sequence[float]) -> tuple[list[tuple[float, str]], Any]:
    """Return ticks with their labels, and what places a value."""

    def placing(low: float, high: float) -> Any:
        return lambda y: _BOTTOM - (_BOTTOM - _TOP) * (min(max(y, low), high) - low) / ((high - low) or 1.0)

    if data["rate"]:
        return [(tick, percent(tick)) for tick in TICKS], placing(0.0, 1.0)
    if data["log_y"]:
        top = max(1, math.ceil(math.log10(max(*ys, 1.0)) or 1))
        scale = placing(0.0, float(top))
        ticks = [(10.0**power, short(10.0**power)) for power in range(top + 1)]
        return ticks, lambda y: scale(math.log10(max(y, 1.0)))
    low, high = min(0.0, *ys), max(*ys, 1e-9)
    return [(tick, short(tick) if tick >= 0 else f"{tick:.2g}") for tick in _round(low, high)], placing(low, high)


def _round(low: float, high: float) -> list[float]:
    """Return a few round values within the range.

    >>> _round(0, 10), _round(1, 47)
    ([0, 2, 4, 6, 8, 10], [10, 20, 30, 40])
    """
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= 6)
    first = math.ceil(low / step - 1e-9)
    found = [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
    return [round(x, 9) if x != int(x) else int(x) for x in found]


def shares(parts: Mapping[str, Sequence[float]], title: str) -> Markup:
    """Return the parts of a whole as one strip, with a line for each below it: share and interval."""
    height = 44.0 + 26 * len(parts)
    x, drawn = 0.0, []
    for place, (name, (value, low, high)) in enumerate(parts.items()):
        colour = COLOURS[place % len(COLOURS)]
        drawn.append(rect(x, 4, _WIDTH * value, 18, f"share {colour}"))
        x += _WIDTH * value
        y = 52.0 + 26 * place
        drawn.append(tag("rect", x=2.0, y=y - 10, width=11.0, height=11.0, rx=3.0, cls=f"share {colour}"))
        drawn.append(text(22, y, name, "label"))
        drawn.append(text(300, y, percent(value), "label", "end"))
        left, span = 330.0, _WIDTH - 350
        drawn.append(line(left, y - 4, left + span, y - 4, "grid"))
        drawn.append(line(left + span * low, y - 4, left + span * high, y - 4, "whisker wide"))
        drawn.append(dot(left + span * value, y - 4, 4.5, "mark", f"{percent(low)} to {percent(high)}"))
    said = ", ".join(f"{name} {percent(part[0])}" for name, part in parts.items())
    return drawing(_WIDTH, height, f"{title}: {said}", *drawn)

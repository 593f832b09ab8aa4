"""The drawings of the page. Each takes plain numbers and returns an svg; none decides what is good."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from nightschool.exam.report.svg import dot, drawing, line, path, rect, text
from nightschool.exam.report.words import count, percent, points

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def interval(value: float, low: float, high: float, kind: str = "") -> Markup:
    """Return a rate with its interval on a track from 0 to 1. kind: a class for the colour."""
    width, middle = 240.0, 11.0
    at = [4 + (width - 8) * x for x in (low, value, high)]
    ticks = [line(4 + (width - 8) * t, 3, 4 + (width - 8) * t, 19, "tick") for t in TICKS]
    return drawing(
        width,
        22,
        f"{percent(value)}, 95% interval {percent(low)} to {percent(high)}",
        *ticks,
        rect(4, middle - 1, width - 8, 2, "track", 1),
        rect(4, middle - 3, at[1] - 4, 6, f"bar {kind}", 3),
        rect(at[0], middle - 6, max(at[2] - at[0], 1.5), 12, f"band {kind}", 6),
        dot(at[1], middle, 4.5, f"mark {kind}"),
        cls="interval",
    )


def slope(before: Mapping[str, Any], after: Mapping[str, Any]) -> Markup:
    """Return two rates with their intervals, and the line from one to the other."""
    width, height, top, bottom = 420.0, 260.0, 24.0, 222.0

    def y(rate: float) -> float:
        return bottom - (bottom - top) * rate

    grid = [line(46, y(t), width - 16, y(t), "grid") for t in TICKS]
    labels = [text(38, y(t) + 4, percent(t), "axis", "end") for t in TICKS]
    parts: list[Markup] = [*grid, *labels]
    xs = (130.0, 320.0)
    parts.append(path([(xs[0], y(before["accuracy"])), (xs[1], y(after["accuracy"]))], "slope"))
    for x, score, name, kind in ((xs[0], before, "before", "muted"), (xs[1], after, "after", "strong")):
        parts.append(line(x, y(score["low"]), x, y(score["high"]), f"whisker {kind}"))
        parts.append(dot(x, y(score["accuracy"]), 7, f"mark {kind}"))
        left = name == "before"
        place = x - 14 if left else x + 14
        height_of = min(max(y(score["accuracy"]) + 5, top + 8), bottom - 2)
        parts.append(text(place, height_of, percent(score["accuracy"]), "value", "end" if left else "start"))
        parts.append(text(x, height - 12, f"{name} (n = {count(score['n'])})", "axis", "middle"))
    said = f"before {percent(before['accuracy'])}, after {percent(after['accuracy'])}"
    return drawing(width, height, said, *parts)


def flow(change: Mapping[str, Any]) -> Markup:
    """Return the items as one strip: passed both times, gained, lost, passed neither time."""
    names = (("both", "both times"), ("gained", "only after"), ("lost", "only before"), ("neither", "neither time"))
    total = sum(int(change.get(key) or 0) for key, _ in names)
    x, parts = 0.0, []
    for key, _ in names:
        share = int(change.get(key) or 0) / max(total, 1)
        parts.append(rect(x, 0, 400 * share, 14, f"flow {key}"))
        x += 400 * share
    said = ", ".join(f"{name}: {int(change.get(key) or 0)}" for key, name in names)
    return drawing(400, 14, f"items passed {said}", *parts, cls="flowstrip", stretch=True)


def scatter(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return accuracy against tokens for one answer (logarithmic), with the ways that nothing cheaper beats.

    rows: name, accuracy, low, high, tokens (for one answer), kind.
    """
    width, height, left, right, top, bottom = 720.0, 380.0, 52.0, 690.0, 18.0, 332.0
    costs = [max(float(row["tokens"]), 0.5) for row in rows]
    low, high = math.log10(min(costs) / 1.35), math.log10(max(costs) * 1.6)

    def x(tokens: float) -> float:
        return left + (right - left) * (math.log10(max(tokens, 0.5)) - low) / (high - low)

    def y(rate: float) -> float:
        return bottom - (bottom - top) * rate

    parts = [line(left, y(t), right, y(t), "grid") for t in TICKS]
    parts += [text(left - 8, y(t) + 4, percent(t), "axis", "end") for t in TICKS]
    for tokens in _round_steps(10**low, 10**high):
        parts.append(line(x(tokens), bottom, x(tokens), bottom + 5, "grid"))
        parts.append(text(x(tokens), bottom + 20, count(tokens), "axis", "middle"))
    parts.append(text((left + right) / 2, height - 8, "tokens read and sampled for one answer", "axis", "middle"))
    front = _front(rows)
    if len(front) > 1:
        parts.append(path([(x(row["tokens"]), y(row["accuracy"])) for row in front], "front"))
    places = [(x(row["tokens"]), y(row["accuracy"])) for row in rows]
    taken = [(cx - 7, cy - 7, cx + 7, cy + 7) for cx, cy in places]
    for row in sorted(rows, key=lambda row: (row["kind"] == "muted", -row["accuracy"])):
        cx, cy = x(row["tokens"]), y(row["accuracy"])
        parts.append(line(cx, y(row["low"]), cx, y(row["high"]), f"whisker {row['kind']}"))
        hover = f"{row['name']}: {percent(row['accuracy'])} at {count(row['tokens'])} tokens"
        parts.append(dot(cx, cy, 5, f"mark {row['kind']}", hover))
        label = _free_place(str(row["name"]), cx, cy, (left, right, top, bottom), taken)
        if label is not None:
            parts.append(text(label[0], label[1], str(row["name"]), f"label {row['kind']}", label[2]))
    return drawing(width, height, "accuracy against cost", *parts)


def _front(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows that nothing cheaper equals, cheapest first; only those that may be used."""
    front: list[Mapping[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["tokens"], -row["accuracy"])):
        if row["kind"] != "muted" and (not front or row["accuracy"] > front[-1]["accuracy"]):
            front.append(row)
    return front


def _free_place(
    words: str,
    x: float,
    y: float,
    frame: tuple[float, float, float, float],
    taken: list[tuple[float, float, float, float]],
) -> tuple[float, float, str] | None:
    """Return where a label fits beside its dot, or None where it fits nowhere (the pointer shows it)."""
    long = 6.3 * len(words)
    left, right, top, bottom = frame
    for dy in (4, -8, 16, -20, 28, -32, 40):
        for anchor, start in (("start", x + 10), ("end", x - 10 - long)):
            box = (start, y + dy - 11, start + long, y + dy + 3)
            inside = box[0] >= left and box[2] <= right + 26 and box[1] >= top - 14 and box[3] <= bottom + 2
            if inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                return (x + 10 if anchor == "start" else x - 10), y + dy, anchor
    return None


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _round_steps(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten that lie in the range."""
    steps = [m * 10.0**e for e in range(-1, 8) for m in (1, 2, 5)]
    found = [step for step in steps if low <= step <= high]
    return [step for step in found if step >= 1] or found


def strip(values: Mapping[str, float]) -> Markup:
    """Return rates as dots on one axis, named: how much the wording matters."""
    width, left, right = 720.0, 30.0, 690.0

    def x(rate: float) -> float:
        return left + (right - left) * rate

    # From the right: a name stands right of its line, and below every line that it would cross.
    labels, depth = [], 0
    lines: list[tuple[float, int]] = []  # place and depth of the lines so far
    for name in sorted(values, key=lambda name: -values[name]):
        at, long = x(values[name]), 6.6 * len(name) + 12
        mirrored = at + long > width
        span = (at - long, at) if mirrored else (at, at + long)
        level = 1 + max((d for place, d in lines if span[0] - 4 <= place <= span[1] + 4), default=-1)
        lines.append((at, level))
        depth = max(depth, level)
        bottom = 36 + 17 * level
        labels.append(line(at, 20, at, bottom, "leader"))
        labels.append(text(at - 5 if mirrored else at + 5, bottom + 2, name, "label", "end" if mirrored else "start"))
    axis = [line(left, 16, right, 16, "track-line"), *(line(x(t), 11, x(t), 21, "tick") for t in TICKS)]
    marks = [dot(x(rate), 16, 5.5, "mark", f"{name}: {percent(rate)}") for name, rate in values.items()]
    ends = [text(left - 8, 20, "0%", "axis", "end"), text(right + 8, 20, "100%", "axis")]
    return drawing(width, 48 + 17 * depth, "accuracy by wording", *axis, *ends, *labels, *marks)


def rounds(found: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the items solved in each round of practice, and beside them those that random proposals solved."""
    width, left, top, bottom = 720.0, 40.0, 16.0, 190.0
    step = (width - left - 16) / max(len(found), 1)
    bar = min(step * 0.32, 42.0)

    def y(share: float) -> float:
        return bottom - (bottom - top) * share

    parts = [line(left, y(t), width - 12, y(t), "grid") for t in TICKS]
    parts += [text(left - 6, y(t) + 4, percent(t), "axis", "end") for t in TICKS]
    for place, each in enumerate(found):
        middle, items = left + 8 + step * (place + 0.5), max(int(each["items"]), 1)
        share = each["solved"] / items
        parts.append(rect(middle - bar, y(share), bar - 1, bottom - y(share), "column strong", 2))
        parts.append(text(middle - bar / 2, y(share) - 5, str(each["solved"]), "label", "middle"))
        if each.get("control_solved") is not None:
            other = each["control_solved"] / items
            parts.append(rect(middle + 1, y(other), bar - 1, bottom - y(other), "column muted", 2))
            parts.append(text(middle + bar / 2, y(other) - 5, str(each["control_solved"]), "label muted", "middle"))
        parts.append(text(middle, bottom + 18, f"round {place + 1}", "axis", "middle"))
    return drawing(width, 216, "items solved in each round of practice", *parts)


def curve(losses: Sequence[float], marks: Sequence[int] = ()) -> Markup:
    """Return the loss of each training step, nats per token; dashed lines where a round of lessons began."""
    width, left, right, top, bottom = 720.0, 46.0, 706.0, 14.0, 170.0
    most = max([*(loss for loss in losses if math.isfinite(loss)), 1e-9]) * 1.05

    def x(step: float) -> float:
        return left + (right - left) * step / max(len(losses) - 1, 1)

    def y(loss: float) -> float:
        return bottom - (bottom - top) * min(max(loss, 0.0), most) / most

    ticks = [most * share / 1.05 for share in (0, 0.5, 1)]
    parts = [line(left, y(t), right, y(t), "grid") for t in ticks]
    parts += [text(left - 8, y(t) + 4, f"{t:.2f}", "axis", "end") for t in ticks]
    parts += [line(x(mark), top, x(mark), bottom, "round-mark") for mark in marks if 0 < mark < len(losses)]
    known = [(x(i), y(loss)) for i, loss in enumerate(losses) if math.isfinite(loss)]
    if known:
        parts.append(path(known, "curve"))
        parts.append(dot(*known[-1], 4, "mark strong"))
    parts += [text(x(0), bottom + 18, "step 1", "axis"), text(right, bottom + 18, f"step {len(losses)}", "axis", "end")]
    return drawing(width, 196, f"training loss over {len(losses)} steps", *parts)


def forest(watched: Sequence[Mapping[str, Any]], margin: float | None) -> Markup:
    """Return for each watched task the difference with its interval, beside the margin that it must stay above."""
    width, left, right, row = 720.0, 210.0, 620.0, 34.0
    reach: float = max([0.1, (margin or 0) * 1.6, *(max(abs(w["low"]), abs(w["high"])) * 1.1 for w in watched)])
    height = row * len(watched) + 44

    def x(difference: float) -> float:
        return left + (right - left) * (difference + reach) / (2 * reach)

    parts = []
    if margin is not None:
        parts.append(rect(left, 8, x(-margin) - left, height - 40, "beyond"))
        parts.append(line(x(-margin), 8, x(-margin), height - 32, "margin"))
        parts.append(text(x(-margin), height - 16, f"margin {points(-margin)}", "axis bad", "middle"))
    parts.append(line(x(0), 8, x(0), height - 32, "zero"))
    near = margin is not None and abs(x(-margin) - x(0)) < 110
    parts.append(text(x(0), height - 4 if near else height - 16, "no change", "axis", "middle"))
    for place, each in enumerate(watched):
        y = 8 + row * (place + 0.5)
        kind = "good" if each.get("kept", margin is None or each["low"] > -margin) else "bad"
        parts.append(text(left - 14, y + 4, str(each["task"]), "label", "end"))
        parts.append(line(x(each["low"]), y, x(each["high"]), y, f"whisker wide {kind}"))
        parts.append(dot(x(each["difference"]), y, 5.5, f"mark {kind}"))
        parts.append(text(right + 14, y + 4, f"{points(each['difference'])} points", f"label {kind}"))
    return drawing(width, height, "change on watched tasks", *parts)

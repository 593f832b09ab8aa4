"""Success against tokens as a picture: a panel for each task, a line for each strategy, with its intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from nightschool.exam.report.charts import TICKS
from nightschool.exam.report.svg import line, path, tag, text
from nightschool.stats import wilson

WIDTH, HEIGHT, ACROSS = 340.0, 236.0, 3
LEFT, RIGHT, TOP, BOTTOM = 44.0, 322.0, 40.0, 200.0
WORTHS = (1, 4, 16, 64)
LINES = {
    "beam": ("beam", "#2f6fd0", ""),
    "mcts": ("mcts", "#c8541b", ""),
    "chain": ("chain", "#7a4fb5", ""),
    "best-of-n": ("best of n", "#1d8a62", ""),
    "single": ("one greedy answer", "#b3881d", ""),
    "control by steps": ("random steps, same critic", "#8a8a8a", "5 4"),
    "control": ("random answers, same verifier", "#8a8a8a", "1 4"),
}
"""Strategy -> its name in the picture, colour and dashes; others are in the table alone."""
STYLE = """
svg { font: 12px system-ui, sans-serif; background: #fff; } text { fill: #333; } .soft { fill: #6b6b6b; }
.title { font-weight: 600; } .grid { stroke: #e4e4e4; } .curve { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  svg { background: #16181d; } text { fill: #ddd; } .soft { fill: #a2a2a2; } .grid { stroke: #33363d; }
}
"""


def picture(cells: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the svg. cells: as `think_curves` keeps them: task, strategy, worth, outcomes."""
    tasks = list(dict.fromkeys(cell["task"] for cell in cells if "strategy" in cell))
    across = min(ACROSS, len(tasks))
    rows = math.ceil(len(tasks) / across)
    parts = [
        tag("style", Markup(STYLE)),
        tag("title", "How often each strategy solves a question, by what it may spend"),
    ]
    for place, task in enumerate(tasks):
        x, y = (place % across) * WIDTH, (place // across) * HEIGHT
        here = [cell for cell in cells if cell.get("strategy") and cell["task"] == task]
        parts.append(tag("g", *_panel(task, here), transform=f"translate({x:g} {y:g})"))
    height = rows * HEIGHT + 52
    parts.append(tag("g", *_legend(cells), transform=f"translate(0 {rows * HEIGHT:g})"))
    width = across * WIDTH
    return tag("svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}", role="img")


def write(cells: Sequence[Mapping[str, Any]], to: Path) -> None:
    """Write the picture to the file `to`."""
    to.write_text(f"{picture(cells)}\n", encoding="utf-8")


def _x(worth: int) -> float:
    return LEFT + (RIGHT - LEFT) * math.log(worth) / math.log(WORTHS[-1])


def _y(rate: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * rate


def _panel(task: str, cells: Sequence[Mapping[str, Any]]) -> list[Markup]:
    count = max(cell["items"] for cell in cells)
    parts = [text(LEFT, 16, task, "title"), text(LEFT, 31, f"{count} questions", "soft")]
    for rate in TICKS:
        parts += [
            line(LEFT, _y(rate), RIGHT, _y(rate), "grid"),
            text(LEFT - 6, _y(rate) + 4, f"{rate:.0%}", "soft", "end"),
        ]
    parts += [text(_x(worth), BOTTOM + 17, str(worth), "soft", "middle") for worth in WORTHS]
    parts.append(text(RIGHT, BOTTOM + 31, "answers' worth of tokens", "soft", "end"))
    for strategy, (name, colour, dashes) in reversed(LINES.items()):
        points = []
        for worth in WORTHS:
            found = next((c for c in cells if _kind(c["strategy"]) == strategy and c["worth"] == worth), None)
            if found is None:
                continue
            rate = wilson(sum(found["outcomes"]), len(found["outcomes"]))
            points.append((_x(worth), _y(rate.value)))
            if not dashes:
                parts.append(_whisker(_x(worth), rate.low, rate.high, colour))
            said = f"{name}, {worth}: {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"
            parts.append(tag("circle", tag("title", said), cx=points[-1][0], cy=points[-1][1], r=3.0, fill=colour))
        if len(points) > 1:
            parts.append(path(points, "curve", stroke=colour, stroke_dasharray=dashes or None))
    return parts


def _kind(strategy: str) -> str:
    """Return which line a strategy is; one that was told to draw with repetition is none."""
    return "" if "distinct=" in strategy else strategy.partition(":")[0]


def _whisker(x: float, low: float, high: float, colour: str) -> Markup:
    return tag("line", x1=x, x2=x, y1=_y(low), y2=_y(high), stroke=colour, stroke_width=1.0, opacity=0.45)


def _legend(cells: Sequence[Mapping[str, Any]]) -> list[Markup]:
    drawn = {_kind(cell["strategy"]) for cell in cells if "strategy" in cell}
    parts: list[Markup] = []
    x = LEFT
    for strategy, (name, colour, dashes) in LINES.items():
        if strategy in drawn:
            ends = [(x, 20.0), (x + 22, 20.0)]
            parts.append(path(ends, "curve", stroke=colour, stroke_dasharray=dashes or None))
            parts.append(text(x + 28, 24, name))
            x += 46 + 6.8 * len(name)
    return parts

"""Tables for a terminal, aligned and without frames, so that they can also be pasted and grepped."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.items import Score


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """Return `rows` under `head`, one line each, columns aligned. numbers: indices of columns set flush right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, name in enumerate(head):
        grid.add_column(Text(name), justify="right" if index in numbers else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    console = Console(width=10_000, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def percent(score: Score) -> str:
    """Return a rate with its interval.

    >>> percent(Score(0.5, 0.401, 0.599, 96))
    '50% (40 to 60)'
    """
    return f"{score.value:.0%} ({score.low * 100:.0f} to {score.high * 100:.0f})"

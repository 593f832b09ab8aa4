"""Progress on stderr, as `ports.Watcher`: bars on a terminal, an occasional line elsewhere, nothing with --quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from nightschool.ports import Watcher


class Silent:
    """Says nothing."""

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """Say nothing."""

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Say nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""


class Lines:
    """A line when a stage begins, one every `every_s` seconds while it lasts, one when it ends."""

    def __init__(self, stream: TextIO, every_s: float = 15.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._every_s, self._clock = stream, every_s, clock
        self._name = ""

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """End the stage before, and begin this one."""
        self.close()
        self._name, self._total, self._unit = name, total, unit
        self._done, self._facts = 0.0, {}  # type: tuple[float, dict[str, Any]]
        self._began = self._said = self._clock()
        self.say(f"{name}: {amount(total)} {unit}".rstrip() if total else f"{name} ...")

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Count, and say so if the last line is some time ago."""
        if not self._name:
            return
        self._done += amount
        self._facts.update(facts)
        now = self._clock()
        if now - self._said >= self._every_s:
            self._said = now
            self.say(", ".join(self._words(now, left=True)))

    def say(self, text: str) -> None:
        """Write the line."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """End the stage that is under way."""
        if self._name:
            self.say(", ".join(self._words(self._clock(), left=False)))
            self._name = ""

    def _words(self, now: float, left: bool) -> Iterator[str]:
        seconds = now - self._began
        share = self._done / self._total if self._total else 0.0
        count = f"{amount(self._done)} of {amount(self._total)}" if self._total else amount(self._done)
        counted = f" {count} {self._unit}".rstrip() if self._total or self._done else " done" if not left else ""
        yield f"  {self._name}:{counted}"
        if not left:
            yield f"{seconds:.0f} s"
        elif share:
            yield f"about {seconds * max(0.0, 1 / share - 1):.0f} s left"
        yield from (f"{name.replace('_', ' ')} {fact(value)}" for name, value in self._facts.items())


class Bars:
    """One bar for each stage: what is being done, how far it is, the time left, and facts beside it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.table import Column

        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(Column(no_wrap=True)),  # where it is narrow, the bar alone gives way
            TimeRemainingColumn(elapsed_when_finished=False, compact=True, table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[facts]}", markup=False),
            console=Console(file=stream),
            refresh_per_second=5,
        )
        self._progress.start()
        self._task: Any = None

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """End the stage before, and begin this one."""
        self._end()
        self._total, self._unit, self._done = total, unit, 0.0
        self._facts: dict[str, Any] = {}
        self._task = self._progress.add_task(name, total=total, count=self._count(), facts="")

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Move the bar and renew the facts."""
        if self._task is None:
            return
        self._done += amount
        self._facts.update(facts)
        shown = ", ".join(f"{name.replace('_', ' ')} {fact(value)}" for name, value in self._facts.items())
        self._progress.update(self._task, advance=amount, count=self._count(), facts=shown)

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the finished bars on the screen and give the terminal back."""
        self._end()
        self._progress.stop()

    def _end(self) -> None:
        if self._task is not None:
            # a stage may end early or never have known its total: its bar stands still where it came to
            self._progress.update(self._task, total=self._done or 1.0, completed=self._done or 1.0)
            self._progress.stop_task(self._task)
            self._task = None

    def _count(self) -> str:
        if not (self._total or self._done):
            return ""
        of = f"{amount(self._done)}/{amount(self._total)}" if self._total else amount(self._done)
        return f"{of} {self._unit}".rstrip()


def amount(number: float | None) -> str:
    """Return a count as people write it.

    >>> amount(1200.0), amount(0.25)
    ('1,200', '0.25')
    """
    if number is None:
        return "?"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def fact(value: object) -> str:
    """Return a fact as it is shown beside a bar: floats with three digits.

    >>> fact(0.123456), fact(1200)
    ('0.123', '1,200')
    """
    if isinstance(value, float) and abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, (int, float)) else str(value)


@contextmanager
def watching(quiet: bool = False, stream: TextIO | None = None) -> Iterator[Watcher]:
    """Give a watcher that suits `stream` (stderr by default) and end it whatever happens."""
    stream = stream or sys.stderr
    watch: Silent | Lines | Bars = Silent() if quiet else Bars(stream) if stream.isatty() else Lines(stream)
    shown = [watch] if isinstance(watch, Bars) else []
    _bars.extend(shown)
    try:
        yield watch
    finally:
        del _bars[len(_bars) - len(shown) :]
        watch.close()


_bars: list[Bars] = []
"""what is on the screen now, and would be drawn over a line that came from elsewhere"""


def said_above(text: str) -> bool:
    """Write a line above the bars on the screen; return whether there are any."""
    for watch in _bars[-1:]:
        watch.say(text)
    return bool(_bars)

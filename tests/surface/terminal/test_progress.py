from __future__ import annotations

import io

import pytest

from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import remark
from nightschool.surface.terminal.progress import Bars, Lines, Silent, watching


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_are_occasional_and_say_what_how_far_and_how_long() -> None:
    stream, clock = io.StringIO(), Clock()
    watch = Lines(stream, every_s=10, clock=clock)
    watch.stage("practise", 40, "items")
    for _ in range(30):
        clock.now += 1
        watch.advance(1, solved=3, loss=0.123456)
    watch.stage("sleep")
    watch.close()
    assert stream.getvalue().splitlines() == [
        "practise: 40 items",
        "  practise: 10 of 40 items, about 30 s left, solved 3, loss 0.123",
        "  practise: 20 of 40 items, about 20 s left, solved 3, loss 0.123",
        "  practise: 30 of 40 items, about 10 s left, solved 3, loss 0.123",
        "  practise: 30 of 40 items, 30 s, solved 3, loss 0.123",
        "sleep ...",
        "  sleep: done, 0 s",
    ]


def test_bars_show_count_and_facts_on_a_terminal() -> None:
    stream = Terminal()
    watch = Bars(stream)
    watch.stage("exam", 200, "items")
    watch.advance(50, accuracy=0.25)
    watch.say("a remark with [brackets]")
    watch.stage("sleep")
    watch.advance(3, loss=1.5)
    watch.close()
    shown = stream.getvalue()
    for words in ("exam", "50/200 items", "accuracy 0.25", "a remark with [brackets]", "sleep", "loss 1.5"):
        assert words in shown


def test_bars_tell_the_time_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    watch = Bars(stream)
    watch.stage("loading smollm2")
    watch.stage("thinking", 3, "questions")
    watch.advance(3, tokens=250, tokens_per_s=15.7)
    watch.close()
    assert "tokens per s 15.7" in stream.getvalue()
    assert "…" not in stream.getvalue()


def test_a_remark_is_not_drawn_over_by_bars(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Terminal()
    with watching(stream=stream) as watch:
        watch.stage("thinking", 3)
        remark(Settings(), "to go on, type: nightschool think --resume 1234")
        watch.advance(3)
    assert "to go on, type: nightschool think --resume 1234\n" in stream.getvalue()
    remark(Settings(), "the end")
    assert capsys.readouterr().err == "the end\n"


def test_advance_before_any_stage_is_harmless() -> None:
    watch = Bars(Terminal())
    watch.advance(1)
    watch.close()
    lines = io.StringIO()
    Lines(lines).advance(1)
    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    ("quiet", "stream", "kind"), [(True, Terminal(), Silent), (False, Terminal(), Bars), (False, io.StringIO(), Lines)]
)
def test_watching_suits_the_stream(quiet: bool, stream: io.StringIO, kind: type) -> None:
    with watching(quiet, stream) as watch:
        assert isinstance(watch, kind)
        watch.stage("work", 2)
        watch.advance()
        watch.say("done")
    assert (stream.getvalue() == "") is quiet


def test_watching_ends_the_bars_when_the_work_fails() -> None:
    stream = Terminal()
    with pytest.raises(ZeroDivisionError), watching(stream=stream) as watch:
        watch.stage(f"work {1 / 0}")
    assert "\x1b[?25h" in stream.getvalue()  # the cursor is back

"""Nights dream of drawn concepts, and recognition fits what the dreamer proposes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nightschool.society.strokes import dreams
from nightschool.surface.cli import run
from nightschool.surface.concepts import dreams as dreaming
from nightschool.surface.concepts.library import library
from support.drawings import SHAPES, drawing, write_png


class Quiet:
    """Says nothing."""

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """Say nothing."""

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Say nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""


def test_a_night_dreams_of_drawings_once_and_recognition_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dreaming, "MANY", 5)
    monkeypatch.setattr(dreaming, "FITTED", 2)
    monkeypatch.setattr(dreams, "learn_shortlist", partial(dreams.learn_shortlist, steps=120, batch=48))
    assert dreaming.dream_of_concepts(0, Quiet()) is None
    for name in SHAPES:
        assert run(["concept", "add", name, str(write_png(Path(f"{name}.png"), drawing(name)))]) == 0
    dreamt = dreaming.dream_of_concepts(0, Quiet())
    assert dreamt is not None
    assert dreamt["drawings"] == 5
    assert dreamt["last_nats"] < 0.3 * dreamt["first_nats"]
    assert dreaming.dream_of_concepts(0, Quiet()) is None  # nothing new
    write_png(Path("new.png"), drawing("house", turn=0.1, stretch=0.9, shake=2.0))
    capsys.readouterr()
    assert run(["recognise", "new.png", "--json"]) == 0
    tries = json.loads(capsys.readouterr().out)["images"][0]["tries"]
    assert tries[0]["name"] == "house"
    assert len(tries) == 2
    assert run(["concept", "rm", "cross"]) == 0
    assert dreaming.shortlist_of(library()) is None  # of other drawings than there are now

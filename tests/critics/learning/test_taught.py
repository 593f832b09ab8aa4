from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nightschool.critics.learning.taught import Taught, read_taught
from nightschool.errors import BadFile
from nightschool.items import Score

TAUGHT = Taught("text", (1.0, -2.0), 0.5, ("a", "ü"), labels=3, seen=("x",), held_out=Score(0.7, 0.5, 0.8, 9))


def test_what_is_saved_is_read_and_small(tmp_path: Path) -> None:
    TAUGHT.save(tmp_path / "c.json")
    assert read_taught(tmp_path / "c.json") == TAUGHT
    assert TAUGHT.odds(np.array([[1.0, 1.0]])).tolist() == [-0.5]


def test_the_name_is_that_of_the_content() -> None:
    assert Taught("text", (1.0,), 0.0, ("a",)).id != Taught("text", (1.0,), 0.1, ("a",)).id


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"weights": [1.0]},
        {"weights": [float("nan"), 1.0]},
        {"features": None, "nonsense": 1},
        {"seen": 3},
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_type(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / "c.json"
    TAUGHT.save(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(BadFile, match="nightschool label"):
        read_taught(file)


def test_missing_and_unwritable_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot read a learned critic"):
        read_taught(tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFile, match="cannot write"):
        TAUGHT.save(tmp_path / "file" / "c.json")

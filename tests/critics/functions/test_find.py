from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nightschool.critics.functions.find import find, said_by
from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Item

ITEM = Item("i", {"q": "x"}, "secret", "k")


def test_a_function_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "my_judge.py"
    file.write_text("def short(answer):\n    return len(answer) < 5\nclass Deep:\n    short = staticmethod(short)\n")
    assert find(f"{file}:short")("x") is True
    assert find(f"{file}:Deep.short")("longer") is False
    assert find("keyword:iskeyword")("if") is True
    with pytest.raises(UnknownName, match="did you mean short"):
        find(f"{file}:shorts")


@pytest.mark.parametrize("path", ["short", "nowhere_at_all:f", "missing.py:f", "math:pi", ":f", "m:"])
def test_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises(BadSpec):
        find(path)


def test_what_it_says_is_a_plain_value_where_it_is_a_number() -> None:
    assert said_by(lambda answer: np.float32(0.5), ITEM, "x") == 0.5
    assert type(said_by(lambda item, answer: (np.True_, "Good."), ITEM, "x")[0]) is bool
    assert said_by(lambda item, answer: item.target, ITEM, "x") == "secret"

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nightschool.critics.callable import CallableCritic
from nightschool.critics.judging import judge
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.registry import make

ITEM = Item("i", {"q": "x"}, "secret", "k")


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        (lambda answer: answer == "x", Verdict(1.0, True)),
        (lambda item, answer: 0.25, Verdict(0.25, False)),
        (lambda item, answer: 1, Verdict(1.0, True)),
        (lambda answer: (False, "Say x."), Verdict(0.0, False, "Say x.")),
        (lambda answer: np.float32(0.5), Verdict(0.5, False)),
        (lambda answer: np.True_, Verdict(1.0, True)),
        (lambda item, answer: Verdict(0.5, True, "ok"), Verdict(0.5, True, "ok")),
        (lambda answer, strict=True: strict, Verdict(1.0, True)),
        (lambda item, answer: item.target is None, Verdict(1.0, True)),
        (str.isalpha, Verdict(1.0, True)),
    ],
)
def test_what_a_function_may_return(function: Callable[..., Any], verdict: Verdict) -> None:
    assert judge(CallableCritic(function), ITEM, "x") == verdict


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda answer: None, "it returned NoneType"),
        (lambda answer: float("nan"), "nan, which is not in [0, 1]"),
        (lambda answer: 2, "2, which is not in [0, 1]"),
        (lambda answer: "yes", "it returned str"),
        (lambda answer: 1 / 0, "ZeroDivisionError"),
        (lambda answer: time.sleep(60), "took longer than 0.2 s"),
    ],
)
def test_what_goes_wrong_is_an_error(function: Callable[..., Any], why: str) -> None:
    error = judge(CallableCritic(function, timeout_s=0.2), ITEM, "x").error
    assert error is not None
    assert why in error


def test_pass_at_and_sight() -> None:
    assert judge(CallableCritic(lambda answer: 0.6, pass_at=0.5), ITEM, "x").passed
    sees = CallableCritic(lambda item, answer: item.target == "secret", sight="reference")
    assert judge(sees, ITEM, "x").passed
    for never in (0, 1.5, 85):
        with pytest.raises(BadSpec, match="pass_at of the critic callable"):
            CallableCritic(lambda answer: 0.6, pass_at=never)


def test_a_function_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "my_judge.py"
    file.write_text("def short(answer):\n    return len(answer) < 5\n")
    assert judge(make("critics", f"callable:path={file}:short"), ITEM, "x").passed
    assert judge(CallableCritic("keyword:iskeyword"), ITEM, "if").passed


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize(
    ("code", "line", "why"),
    [
        ("import os\nimport no_such_module\n", 2, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f(answer):\n    return Tru e\n", 2, "SyntaxError: invalid syntax"),
        ("def f(answer):\n    return answr\n\nf(1)\n", 2, "NameError: name 'answr' is not defined"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
        ("raise SystemExit('no')\n", 1, "SystemExit: no"),
    ],
)
def test_code_that_cannot_be_loaded_says_where(
    code: str, line: int, why: str, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "broken_judge.py"
    file.write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    for path in (f"{file}:f", "broken_judge:f"):
        with pytest.raises(BadSpec) as caught:
            CallableCritic(path, processes=processes)
        assert f"{file}, line {line}: {why}" in str(caught.value)


def test_a_function_of_no_or_many_arguments_is_refused() -> None:
    with pytest.raises(BadSpec, match="takes"):
        CallableCritic(lambda: True)
    with pytest.raises(BadSpec, match="takes"):
        CallableCritic(lambda a, b, c: True)

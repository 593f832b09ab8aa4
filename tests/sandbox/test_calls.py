from __future__ import annotations

import ast
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.ports import Outcome
from nightschool.sandbox import Bubblewrap, calls
from nightschool.sandbox.calls import Called, Other, call, decode
from nightschool.sandbox.calls_inside import encode

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
VALUES = st.recursive(
    SCALARS | st.complex_numbers(allow_nan=False) | st.sets(HASHABLE, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HASHABLE, inner, max_size=3) | st.tuples(inner),
    max_leaves=8,
)


@given(VALUES)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert back == value
    assert type(back) is type(value)


def test_very_large_and_odd_numbers_come_back() -> None:
    big = 7**50_000
    assert decode(json.loads(json.dumps(encode(big)))) == big
    assert decode(encode(math.inf)) == math.inf
    assert math.isnan(decode(encode(math.nan)))


def test_what_only_pretends_to_be_plain_does_not_come_back() -> None:
    class Yes(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    for value in (Yes(3), [Yes(3)], object(), print, (n for n in "x")):
        back = decode(encode(value))
        assert back != 3
        assert back != [3]
    assert decode(encode(object())).kind == "object"


@pytest.mark.parametrize(
    "told",
    [3, 1.5, [], {}, {"int": 3}, {"int": "x"}, {"list": 3}, {"float": []}, {"dict": [1]}, {"set": [{"list": []}]},
     {"eval": "1"}, {"int": "0x1", "list": []}, {"bytes": "0"}, {"set": 3}, {"complex": 3},
     {"set": [None] * 2_001}],
)  # fmt: skip
def test_what_was_not_encoded_is_refused(told: Any) -> None:
    with pytest.raises(ValueError, match=r"not|invalid|hex|could|values|fromhex"):
        decode(told)


class Says:
    """A sandbox whose output is written by the test; NONCE stands for the nonce."""

    def __init__(self, *lines: str, status: int = 0) -> None:
        self.lines, self.status = lines, status

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        nonce = json.loads(stdin)["nonce"]
        return Outcome(self.status, "\n".join(self.lines).replace("NONCE", nonce).encode(), b"oh", 0.1, "exit")


READY, LOADED = "NONCE ready {}", "NONCE loaded {}"


def test_a_sandbox_that_does_not_start_is_an_error_and_not_a_wrong_answer() -> None:
    for says in (Says(), Says(LOADED), Says("ready {}")):
        with pytest.raises(RuntimeError, match=r"did not start .* oh"):
            call(says, "", ["f()"], timeout_s=1)


def test_stray_output_is_passed_over_and_results_may_end_early() -> None:
    says = Says("hello", READY, LOADED, 'NONCE 0 {"value": {"int": "0x2"}}', 'NONCE 1 {"val')
    said = call(says, "", ["a", "b"], timeout_s=1)
    assert said.called == (Called(2),)
    assert said.load_error is None
    assert not said.tampered


@pytest.mark.parametrize(
    "frames", [["NONCE 1 {}"], ["NONCE 0 {}", "NONCE 0 {}"], ["NONCE 0 {}", "NONCE 1 {}"], ["NONCE passed {}"]]
)
def test_frames_that_do_not_fit_the_calls_are_tampering(frames: list[str]) -> None:
    assert call(Says(READY, LOADED, *frames), "", ["f()"], timeout_s=1).tampered


def test_forged_frames_are_read_without_harm() -> None:
    forged = 'NONCE 0 {"value": {"other": ["x"]}}'
    (called,) = call(Says(READY, 'NONCE loaded {"raised": null}', forged), "", ["f()"], timeout_s=1).called
    assert isinstance(called.value, Other)
    (called,) = call(Says(READY, LOADED, 'NONCE 0 {"value": {"int": {}}}'), "", ["f()"], timeout_s=1).called
    assert called.value == called.value is False or isinstance(called.value, Other)
    assert call(Says(READY, 'NONCE loaded {"raised": 5}'), "", ["f()"], timeout_s=1).load_error == "5"


CODE = """
print('noise')
def f(x):
    print(x)
    return [x, (x, 1.5), {'k': {x}}]
def g(): raise ValueError('no')
"""


def test_code_is_loaded_and_called(sandbox: Bubblewrap) -> None:
    said = call(sandbox, CODE, ["f(2)", "g()", "h()"], timeout_s=20)
    assert said.load_error is None
    assert said.called == (
        Called([2, (2, 1.5), {"k": {2}}]),
        Called(raised="ValueError: no"),
        Called(raised="NameError: name 'h' is not defined"),
    )
    assert (said.outcome.status, said.outcome.ended_by) == (0, "exit")


@pytest.mark.parametrize("code", ["def f(:", "\0", "x = '\ud800'\n1/0", "raise SystemExit(0)", "import no_such"])
def test_code_that_does_not_load(sandbox: Bubblewrap, code: str) -> None:
    said = call(sandbox, code, ["f()"], timeout_s=20)
    assert said.load_error
    assert said.called == ()


def test_the_inside_stands_alone() -> None:
    tree = ast.parse(Path(calls._INSIDE).read_text())
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in imports | froms if name} <= sys.stdlib_module_names

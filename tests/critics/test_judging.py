from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from nightschool.critics.judging import judge
from nightschool.errors import StopRequested
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

ITEM = Item("sort-17", {"numbers": "3 1 2"}, "1 2 3", "k")


class Odd:
    name = "odd"

    def __init__(self, act: Callable[[Item, str], Any], sight: Sight = Sight.VERIFIER, timeout_s: float | None = 5):
        self.act, self.sight, self.timeout_s = act, sight, timeout_s

    def judge(self, item: Item, answer: str) -> Verdict:
        verdict: Verdict = self.act(item, answer)
        return verdict


def raises(error: BaseException) -> Callable[[Item, str], Any]:
    def act(item: Item, answer: str) -> Verdict:
        raise error

    return act


def forged(score: float) -> Verdict:
    verdict = Verdict(1.0, True)
    object.__setattr__(verdict, "score", score)
    return verdict


@pytest.mark.parametrize("timeout_s", [5, None])
@pytest.mark.parametrize(
    ("act", "why"),
    [
        (raises(ValueError("bad")), "ValueError: bad"),
        (raises(RecursionError()), "RecursionError"),
        (lambda i, a: sys.exit("enough"), "SystemExit: enough"),
        (lambda i, a: Verdict(math.nan, True), "a score is in [0, 1], not nan"),
        (lambda i, a: Verdict(1.5, True), "a score is in [0, 1], not 1.5"),
        (lambda i, a: forged(math.nan), "its score is nan, not in [0, 1]"),
        (lambda i, a: forged(-1), "its score is -1, not in [0, 1]"),
        (lambda i, a: True, 'it returned "True", not a Verdict'),
        (lambda i, a: None, 'it returned "None", not a Verdict'),
        (lambda i, a: Verdict(0.5, True, error="half"), "half"),
    ],
)
def test_whatever_goes_wrong_is_an_error_verdict(
    act: Callable[[Item, str], Any], why: str, timeout_s: float | None
) -> None:
    verdict = judge(Odd(act, timeout_s=timeout_s), ITEM, "2 1")
    assert (verdict.score, verdict.passed, verdict.feedback) == (0.0, False, "")
    assert verdict.error is not None
    assert verdict.error.startswith('critic odd failed on item sort-17, answer "2 1": ')
    assert why in verdict.error


def test_a_critic_that_hangs_is_left_alone() -> None:
    start = time.monotonic()
    verdict = judge(Odd(lambda i, a: time.sleep(60), timeout_s=0.05), ITEM, "x")
    assert time.monotonic() - start < 5
    assert verdict.error is not None
    assert "took longer than 0.05 s" in verdict.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StopRequested("stop")])
@pytest.mark.parametrize("timeout_s", [5, None])
def test_the_users_stop_passes_through(error: BaseException, timeout_s: float | None) -> None:
    with pytest.raises(type(error)):
        judge(Odd(raises(error), timeout_s=timeout_s), ITEM, "x")


def test_a_verifier_never_sees_the_target() -> None:
    def tells(item: Item, answer: str) -> Verdict:
        return Verdict.of(item.target is not None, repr(item.target))

    assert judge(Odd(tells), ITEM, "x") == Verdict(0.0, False, "None")
    assert judge(Odd(tells, Sight.REFERENCE), ITEM, "x") == Verdict(1.0, True, "'1 2 3'")


def test_a_reference_without_a_target_is_an_error() -> None:
    verdict = judge(Odd(lambda i, a: Verdict.of(True), Sight.REFERENCE), ITEM.blind(), "x")
    assert verdict.error is not None
    assert "the item has none" in verdict.error


def test_words_are_made_fit_to_print_and_openly_shortened() -> None:
    feedback = judge(Odd(lambda i, a: Verdict.of(False, "\x1b[2J\ud800" + "x" * 5000)), ITEM, "x").feedback
    assert feedback.startswith("\\x1b[2J\\ud800xxx")
    assert feedback.endswith("... (3,005 more characters)")
    feedback.encode()
    error = judge(Odd(raises(ValueError("\udfff"))), ITEM, "\x00" + "y" * 1_000_000).error
    assert error is not None
    assert len(error) < 400
    error.encode()

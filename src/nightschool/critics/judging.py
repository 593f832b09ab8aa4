"""How a critic is called: blind where it must be, within its time, and never with an exception for a verdict."""

from __future__ import annotations

from nightschool.critics.functions.timelimit import OutOfTime, within
from nightschool.critics.texts.legible import legible, quote
from nightschool.errors import StopRequested
from nightschool.items import Item, Verdict
from nightschool.ports import Critic, Sight

DEFAULT_TIMEOUT_S = 30.0


def judge(critic: Critic, item: Item, answer: str) -> Verdict:
    """Return the critic's verdict; an error verdict where it raised, ran out of time or gave no proper verdict.

    A verifier is handed `item.blind()`. A reference without a target gives an error verdict. The time limit is the
    critic's `timeout_s` (seconds; 30 where it has none); with `timeout_s = None` a critic bounds its own time and is
    called in the caller's thread. An error names the critic, the item and the answer. Only KeyboardInterrupt and
    StopRequested pass through.
    """
    if critic.sight is Sight.REFERENCE:
        if item.target is None:
            return failed(critic, item, answer, "it compares with the target, and the item has none")
        seen = item
    else:
        seen = item.blind()
    timeout_s: float | None = getattr(critic, "timeout_s", DEFAULT_TIMEOUT_S)
    try:
        if timeout_s is None:
            verdict = critic.judge(seen, answer)
        else:
            verdict = within(timeout_s, lambda: critic.judge(seen, answer))
    except (KeyboardInterrupt, StopRequested):
        raise
    except OutOfTime as error:
        return failed(critic, item, answer, str(error))
    except BaseException as error:  # SystemExit of a user's function is that function's failure
        return failed(critic, item, answer, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    return settled(critic, item, answer, verdict)


def settled(critic: Critic, item: Item, answer: str, verdict: object) -> Verdict:
    """Return what a critic gave as a proper verdict, or an error verdict where it is none."""
    if not isinstance(verdict, Verdict):
        return failed(critic, item, answer, f"it returned {quote(repr(verdict))}, not a Verdict")
    if not 0.0 <= verdict.score <= 1.0:
        return failed(critic, item, answer, f"its score is {verdict.score}, not in [0, 1]")
    if verdict.error is not None:
        return failed(critic, item, answer, verdict.error)
    return Verdict(float(verdict.score), bool(verdict.passed), legible(verdict.feedback))


def failed(critic: Critic, item: Item, answer: str, why: str) -> Verdict:
    """Return the error verdict of a critic that failed, naming it, the item and the answer."""
    where = f" failed on item {item.id}, answer {quote(answer)}: "
    if where in why:  # a part of a composition has said it already, naming itself
        return Verdict.failed(legible(why))
    return Verdict.failed(legible(f"critic {critic.name}{where}{why}"))

"""Any Python function as a critic, in this process or in some of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nightschool.critics.compose import Combines
from nightschool.critics.functions.apart import Apart
from nightschool.critics.functions.find import find, plain, takes_item
from nightschool.critics.parameters import above_zero, share, sight_of
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class CallableCritic(Combines):
    """Judges with a function of yours: `f(answer)` or `f(item, answer)`. It is trusted.

    path: the function, or where it is: `package.module:function` or `judge.py:function`.
    It returns a bool, a score in [0, 1] (passed from `pass_at` on), either of them with feedback as a pair, or a
    Verdict. sight: `verifier` (the default) hands it the item without its target, `reference` with it.
    timeout_s: after which it is left alone (see `functions.timelimit`), an error verdict.
    processes: 0 for this process; else as many of its own (see `functions.apart`), for a function that keeps a
    processor busy: it takes no time from decoding, and what runs out of time or crashes is ended. For a function that
    is named.
    Raises BadSpec and UnknownName for a path that leads nowhere.
    """

    name = "callable"

    def __init__(
        self,
        path: str | Callable[..., Any],
        sight: Sight | str = Sight.VERIFIER,
        pass_at: float = 1.0,
        timeout_s: float = 30.0,
        processes: int = 0,
    ) -> None:
        self.function = find(path) if isinstance(path, str) else path
        self.name = f"callable:path={path}" if isinstance(path, str) else getattr(path, "__name__", "callable")
        self.sight = sight_of(sight, "callable")
        self.pass_at = share(above_zero(pass_at, "pass_at", "callable"), "pass_at", "callable")
        self.limit_s = above_zero(timeout_s, "timeout_s", "callable")
        self.apart = _apart(path, processes)
        self.takes_item = takes_item(self.function)
        self.timeout_s = None if self.apart else self.limit_s  # its processes keep to it themselves

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return what the function says, as a verdict. Raises what it raises, and TypeError or ValueError else."""
        if self.apart is not None:
            said = self.apart.judge(item, answer, self.limit_s)
        else:
            said = self.function(item, answer) if self.takes_item else self.function(answer)
        feedback = ""
        if isinstance(said, tuple) and len(said) == 2 and isinstance(said[1], str):
            said, feedback = said
        if isinstance(said, Verdict):
            return said
        said = plain(said)
        if isinstance(said, bool):
            return Verdict.of(said, feedback)
        if not isinstance(said, (int, float)):
            raise TypeError(f"it returned {type(said).__name__}, not a bool, a score in [0, 1] or a Verdict")
        if math.isnan(said) or not 0 <= said <= 1:
            raise ValueError(f"it returned {said}, which is not in [0, 1]")
        return Verdict(float(said), said >= self.pass_at, feedback)


def _apart(path: object, processes: object) -> Apart | None:
    if not isinstance(processes, int) or isinstance(processes, bool) or processes < 0:
        raise BadSpec(f"callable: processes is a whole number, 0 or more, not {processes!r}")
    if not processes:
        return None
    if not isinstance(path, str):
        raise BadSpec("callable: processes of its own need the name of the function, such as path=judge.py:judge")
    return Apart(path, processes)

"""Any command as a critic."""

from __future__ import annotations

import json
import math
import shlex
import shutil
from collections.abc import Sequence

from nightschool.critics.compose import Combines
from nightschool.critics.parameters import above_zero, sight_of
from nightschool.critics.texts.legible import legible
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Outcome, Sight
from nightschool.sandbox.bounded import run_bounded

_MOST_OUTPUT = 1 << 20


class Command(Combines):
    """Judges with a command of yours. It is trusted: it runs as you, in this folder, outside of any sandbox.

    run: the command with its arguments, as text (split as a shell would, though none runs) or as a list. In a
    specification a comma cannot be written: use a script.
    Standard input is one JSON object: `{"item": {"id", "inputs", "target", "choices"}, "answer"}`, `target` being null
    for a verifier. The verdict is a JSON object on standard output, `{"score": 0.5, "passed": false, "feedback": ""}`
    (either of the first two will do), or else the exit code: 0 passes, 1 does not, with standard output as feedback.
    Exit code 1 with nothing on standard output and something on standard error, as an uncaught exception of Python
    ends, any other exit code, more than 1 MiB of output, or more than `limit_s` seconds is an error of the critic.
    sight: `verifier` (the default) or `reference`. Raises BadSpec for a program that is not there.
    """

    name = "command"

    def __init__(self, run: str | Sequence[str], sight: Sight | str = Sight.VERIFIER, limit_s: float = 30.0) -> None:
        try:
            self.argv = shlex.split(run) if isinstance(run, str) else list(run)
        except ValueError as error:
            raise BadSpec(f"cannot read the command {run!r}: {error}") from error
        if not self.argv or shutil.which(self.argv[0]) is None:
            raise BadSpec(
                f"there is no program {self.argv[0] if self.argv else ''!r}; type command:run=PROGRAM ARGUMENT"
            )
        self.sight = sight_of(sight, self.name)
        self.limit_s = above_zero(limit_s, "limit_s", self.name)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return what the command says. Raises RuntimeError where it fails to say it."""
        question = {
            "item": {
                "id": item.id,
                "inputs": dict(item.inputs),
                "target": item.target,
                "choices": list(item.choices),
            },
            "answer": answer,
        }
        outcome = run_bounded(
            self.argv, stdin=json.dumps(question).encode(), timeout_s=self.limit_s, output_bytes=_MOST_OUTPUT
        )
        if outcome.ended_by == "timeout":
            raise RuntimeError(f"it took longer than {self.limit_s:g} s")
        if outcome.ended_by == "output":
            raise RuntimeError("it wrote more than 1 MiB")
        said = legible(outcome.stderr.decode(errors="replace").strip()[-300:])
        crashed = outcome.status == 1 and said and not outcome.stdout.strip()
        if outcome.status not in (0, 1) or crashed:
            raise RuntimeError(f"it ended with status {outcome.status}: {said}")
        return _verdict(outcome)


def _verdict(outcome: Outcome) -> Verdict:
    text = outcome.stdout.decode(errors="replace").strip()
    if not text.startswith("{"):
        return Verdict.of(outcome.status == 0, text)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RuntimeError(f"its output is not JSON: {error}") from error
    score, passed = said.get("score"), said.get("passed")
    if said.get("error"):
        raise RuntimeError(str(said["error"]))
    if score is None and passed is None:
        raise RuntimeError("its JSON has neither score nor passed")
    if score is None:
        score = 1.0 if passed else 0.0
    if isinstance(score, bool) or not isinstance(score, (int, float)) or math.isnan(score) or not 0 <= score <= 1:
        raise RuntimeError(f"its score is {score!r}, not a number in [0, 1]")
    return Verdict(float(score), bool(score == 1 if passed is None else passed), str(said.get("feedback", "")))

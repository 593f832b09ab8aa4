"""Which of two candidates stands higher."""

from __future__ import annotations

from nightschool.items import Finish, Thought

UNFINISHED: frozenset[Finish] = frozenset(("cancelled", "error"))


def is_answer(thought: Thought) -> bool:
    """Return whether `thought` may be put forward: its draw did not fail, and was not cut before anything was said."""
    return thought.finish != "error" and (thought.finish != "cancelled" or bool(thought.answer))


def standing(thought: Thought) -> tuple[bool, float, bool, bool]:
    """Return what to compare by: passed, score, whole rather than cut short, not known to be wrong.

    A critic that failed says nothing about the answer: such a verdict stands where no verdict does, behind every
    score above zero and before a score of zero.
    """
    verdict = thought.verdict
    known = verdict is not None and verdict.error is None
    passed = known and verdict is not None and verdict.passed
    score = verdict.score if known and verdict is not None else 0.0
    return passed, score, thought.finish not in UNFINISHED, not known


def mean_logp(thought: Thought) -> float | None:
    """Return the log-probability for each token that the model wrote, in nats, or None where it is unknown."""
    if thought.logp is None:
        return None
    tokens = sum(len(segment.logps) for segment in thought.prefix.segments if segment.logps is not None)
    return thought.logp / max(tokens, 1)

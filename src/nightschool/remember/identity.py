"""The identity card: what a mind is, what exams say it can and cannot do, and what it was told to keep in mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.items import Score
from nightschool.remember.memory import Memory

_ABLE = 0.8  # the lower end of an interval from which a mind may say that it can
_UNABLE = 0.5  # the upper end up to which it has to say that it cannot


@dataclass(frozen=True, slots=True)
class Card:
    """What a mind knows about itself. scores: by task, of exams alone; kept: what the user marked, oldest first."""

    what: str
    scores: Sequence[tuple[str, Score]] = ()
    kept: Sequence[Memory] = ()

    @property
    def text(self) -> str:
        """Return the card as the model reads it, without what was kept: that is quoted beside what is recalled.

        >>> print(Card("I am a small model.", [("sorting", Score(0.93, 0.88, 0.96, 200))]).text)
        I am a small model.
        Measured by exams: I can do sorting (93% of 200 right).
        """
        lines = [self.what]
        if self.scores:
            lines.append("Measured by exams: " + "; ".join(_said(*score) for score in self.scores) + ".")
        return "\n".join(line for line in lines if line)


def _said(task: str, score: Score) -> str:
    word = "can do" if score.low >= _ABLE else "cannot do" if score.high <= _UNABLE else "sometimes can do"
    return f"I {word} {task} ({score.value:.0%} of {score.n} right)"

"""Does the answer match a pattern?"""

from __future__ import annotations

import regex

from nightschool.critics.compose import Combines
from nightschool.critics.parameters import above_zero
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class Regex(Combines):
    """Passed when the answer, without white space around it, matches the pattern.

    pattern: as in Python's `re` (the library `regex` reads it, for its time limit); in a specification a comma is
    written \\x2c. Without a pattern the item's target is one, and the critic is a reference.
    whole: the whole answer must match (default), else some part of it; case: whether capitals count; dotall: whether
    a dot matches line ends; limit_s: a pattern that takes longer on an answer is an error, not a wrong answer.
    Raises BadSpec for a pattern that cannot be read.
    """

    name = "regex"

    def __init__(
        self,
        pattern: str | None = None,
        whole: bool = True,
        case: bool = True,
        dotall: bool = False,
        limit_s: float = 1.0,
    ) -> None:
        self.flags = (0 if case else regex.IGNORECASE) | (regex.DOTALL if dotall else 0)
        self.whole, self.limit_s = whole, above_zero(limit_s, "limit_s", self.name)
        self.sight = Sight.REFERENCE if pattern is None else Sight.VERIFIER
        self.pattern = None if pattern is None else self._read(str(pattern))

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing. Raises BadSpec for a target that is no pattern, TimeoutError for one that is slow."""
        pattern = self.pattern or self._read(item.target or "")
        match = pattern.fullmatch if self.whole else pattern.search
        if match(answer.strip(), timeout=self.limit_s, concurrent=True):
            return Verdict.of(True)
        what = f"match {pattern.pattern}" if self.sight is Sight.VERIFIER else "have the form that is wanted"
        return Verdict.of(False, f"The {'whole answer' if self.whole else 'answer'} must {what}.")

    def _read(self, pattern: str) -> regex.Pattern[str]:
        try:
            return regex.compile(pattern, self.flags)
        except regex.error as error:
            raise BadSpec(f"the pattern {pattern!r} cannot be read: {error}") from error

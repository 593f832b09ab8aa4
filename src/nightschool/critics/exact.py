"""Is the answer the target, letter by letter?"""

from __future__ import annotations

import re
import unicodedata

from nightschool.critics.compose import Combines
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_OTHER = re.compile(r"[\W_]+")  # whatever is neither letter nor digit


class Exact(Combines):
    """Passed when the answer is the target. White space around it and the form of accents (NFC) never count.

    case: whether capitals count; space: whether white space inside counts (else any run of it is one space);
    separator: where given, the target lists alternatives between separators, and each of them is right.
    """

    name = "exact"
    sight = Sight.REFERENCE

    def __init__(self, case: bool = True, space: bool = True, separator: str = "") -> None:
        self.case, self.space, self.separator = case, space, str(separator)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing; feedback tells a slip of form from a wrong answer."""
        if item.target is None:
            raise ValueError("no target to compare with")
        targets = item.target.split(self.separator) if self.separator else [item.target]
        given = self._plain(answer)
        if any(given == self._plain(target) for target in targets):
            return Verdict.of(True)
        loose = _loose(answer)
        if not loose:
            return Verdict.of(False, "The answer is empty.")
        for target in map(_loose, targets):
            if loose == target:
                return Verdict.of(False, "The answer is right but for capitals, spaces or punctuation.")
            if target and f" {target} " in f" {loose} ":
                return Verdict.of(False, "The right answer is in the text, but there is other text around it.")
        return Verdict.of(False, "This is not the right answer.")

    def _plain(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text).strip()
        text = text if self.space else " ".join(text.split())
        return text if self.case else text.casefold()


def _loose(text: str) -> str:
    return _OTHER.sub(" ", unicodedata.normalize("NFC", text).casefold()).strip()

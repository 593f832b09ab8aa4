"""Does the answer contain a text?"""

from __future__ import annotations

from nightschool.critics.compose import Combines
from nightschool.critics.texts.legible import quote
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class Contains(Combines):
    """Passed when the text stands in the answer. Any run of white space is one space.

    text: what must stand there; without it the item's target must, and the critic is a reference.
    case: whether capitals count; words: whole words only (`art` is not in `party`).
    """

    name = "contains"

    def __init__(self, text: str | None = None, case: bool = False, words: bool = True) -> None:
        self.text = None if text is None else str(text)
        self.case, self.words = case, words
        self.sight = Sight.REFERENCE if text is None else Sight.VERIFIER

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing. Raises ValueError where there is no text to look for."""
        wanted = self._plain((item.target if self.text is None else self.text) or "")
        if not wanted:
            raise ValueError("there is no text to look for")
        if stands_in(wanted, self._plain(answer), self.words):
            return Verdict.of(True)
        return Verdict.of(
            False, "What is wanted is not in it." if self.text is None else f"Missing: {quote(self.text)}."
        )

    def _plain(self, text: str) -> str:
        text = " ".join(text.split())
        return text if self.case else text.casefold()


def stands_in(wanted: str, text: str, words: bool = True) -> bool:
    """Return whether `wanted` (not empty) stands in `text`; words: with no letter or digit adjoining its own."""
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        joined = (before.isalnum() and wanted[0].isalnum()) or (after.isalnum() and wanted[-1].isalnum())
        if not (words and joined):
            return True
        start = text.find(wanted, start + 1)
    return False

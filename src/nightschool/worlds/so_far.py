"""The step critic of worlds whose right answer is a row of symbols."""

from __future__ import annotations

from collections.abc import Callable

from nightschool.items import Item, Verdict
from nightschool.ports import Sight


class SoFar:
    """Passed while the answer's symbols are the first of the wanted ones. score: (right + 1) / (wanted + 1), or 0.

    wanted: the symbols of the right answer to an item; read: those of an answer, None for what is no row of them.
    """

    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(
        self, name: str, wanted: Callable[[Item], tuple[str, ...]], read: Callable[[str], tuple[str, ...] | None]
    ) -> None:
        self.name, self._wanted, self._read = name, wanted, read

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether `answer` can still become right; nothing said yet can."""
        wanted, given = self._wanted(item), self._read(answer) if answer.strip() else ()
        if given is None or given != wanted[: len(given)]:
            return Verdict.of(False, "This can no longer become right.")
        return Verdict((len(given) + 1) / (len(wanted) + 1), True)

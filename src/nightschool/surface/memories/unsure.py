"""What a chat names of an answer: the sentences that the model may not be sure of, asked back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nightschool.errors import UsageError

if TYPE_CHECKING:
    from nightschool.ports import Model

Doubt = Callable[["Model", str, str, "str | None"], Iterator[str]]
"""(model, what was said, what was known, adapter) -> lines for the reader."""


def doubts(sure: float | None, reading: str | None) -> Doubt:
    """Return what names the sentences that the model would not claim from `sure` on; nothing where that is None.

    reading: a file of how to take its word. Raises UsageError for that alone, BadFile.
    """
    if sure is None:
        if reading is not None:
            raise UsageError("--reading is for --sure; add it, such as --sure 0.9")
        return lambda model, said, about, adapter: iter(())
    from nightschool.mind.sure import standing
    from nightschool.society.beliefs import PLAIN
    from nightschool.society.beliefs.reading import read_reading

    word = PLAIN if reading is None else read_reading(reading)

    def named(model: Model, said: str, about: str, adapter: str | None) -> Iterator[str]:
        found = standing(model, said, about, sure, word, adapter)
        for one in found.sentences:
            if one.standing == "unsure":
                yield f"not sure of it ({one.chance:.2f}): {one.text}"
            elif one.standing == "denied":
                yield f"says it, and does not believe it ({one.chance:.2f}): {one.text}"
        if found.left:
            yield f"{found.left} more sentences were not asked back"

    return named

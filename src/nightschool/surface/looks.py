"""Which analyses an exam on the command line does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nightschool.surface.specs import specs

if TYPE_CHECKING:
    from nightschool.exam import Analysis

DEFAULT = ("failures", "structure", "curation", "horizon", "calibration")
"""Those that ask the model nothing more: they look at what was answered."""


def chosen(text: str | None) -> Sequence[Analysis]:
    """Return the analyses that `--look` names: the default ones without it, none for `none`. Raises UnknownName."""
    from nightschool.exam import open_analyses

    if text == "none":
        return ()
    return open_analyses(DEFAULT if text is None else specs(text))

"""Which analyses an exam on the command line does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nightschool.surface.terminal.specs import specs

if TYPE_CHECKING:
    from nightschool.exam import Analysis

DEFAULT = ("failures", "structure", "curation", "horizon", "calibration")
"""Those that ask the model nothing more: they look at what was answered."""


def chosen(text: str | None, rungs: Sequence[str] = ()) -> Sequence[Analysis]:
    """Return the analyses that `--look` names: the default ones without it, none for `none`. Raises UnknownName.

    rungs: those that are sat; where one trains beside its controls, what it says of elicited and taught is looked at
    too.
    """
    from nightschool.exam import PROBES, open_analyses

    if text == "none":
        return ()
    if text is not None:
        return open_analyses(specs(text))
    probed = any(rung.partition(":")[0] in PROBES for rung in rungs)
    return open_analyses((*DEFAULT, *(["elicited"] if probed else ())))

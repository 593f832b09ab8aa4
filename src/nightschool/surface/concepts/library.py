"""What the commands about concepts share: where the library is, and torch where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightschool import paths
from nightschool.errors import MissingDependency

if TYPE_CHECKING:
    from nightschool.society.library import Library


def library() -> Library:
    """Return the user's library of concepts. Raises MissingDependency where torch is not installed."""
    try:
        from nightschool.society.library import Library
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nightschool"):
            raise
        raise MissingDependency(f"concepts need {error.name}; type: pip install 'nightschool[local]'") from error
    return Library(paths.data_folder() / "concepts")

"""What the commands about concepts share: where the library is, and torch where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from nightschool import paths
from nightschool.errors import MissingDependency

if TYPE_CHECKING:
    from nightschool.society.library import Library


def library() -> Library:
    """Return the user's library of concepts. Raises MissingDependency where torch is not installed."""
    for needed in ("torch", "safetensors"):
        if find_spec(needed) is None:
            raise MissingDependency(f"concepts need {needed}; type: pip install 'nightschool[local]'")
    from nightschool.society.library import Library

    return Library(paths.data_folder() / "concepts")

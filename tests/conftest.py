"""What all tests share: quick ones first, and no test that reads or writes the user's own files."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests last, so that what is quickly known is known quickly."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)

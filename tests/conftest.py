"""What all tests share: quick ones first, and no test that reads or writes the user's own files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from nightschool import paths

settings.register_profile("patient", deadline=None)  # a busy machine is no failure of what is tested
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests last, so that what is quickly known is known quickly."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test its own nights and configuration; weights come from the real cache, for they are large."""
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(paths.cache_folder()))
    monkeypatch.setenv("NIGHTSCHOOL_HOME", str(tmp_path / "home"))

"""What all tests share: quick ones first, and no test that reads or writes the user's own files."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from nightschool import paths

# Tests that run side by side share the cores: threads that wait for each other's core cost more than they bring.
if beside := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // beside)))

settings.register_profile("patient", deadline=None, max_examples=50)  # a busy machine is no failure of what is tested
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests last, so that what is quickly known is known quickly."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(autouse=True, scope="module")
def a_small_heap() -> None:
    """Keep what earlier modules loaded out of collections: one through all of torch takes half a second.

    What a module left open is told if it is found before the next module begins.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return folders that are not there yet; making one of pytest's looks through those of all tests before it."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def a_home_of_its_own(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test its own nights and configuration; weights come from the real cache, for they are large."""
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(paths.cache_folder()))
    monkeypatch.setenv("NIGHTSCHOOL_HOME", str(next(homes)))

"""One suite for every store: what holds for the file holds for the database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightschool.remember.store.port import Store
from nightschool.remember.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Give a PostgreSQL with pgvector: the one that NIGHTSCHOOL_TEST_DSN names, else one that pgserver carries."""
    if named := os.environ.get("NIGHTSCHOOL_TEST_DSN"):
        yield named
        return
    pytest.importorskip("psycopg", reason="pip install 'nightschool[postgres]'")
    pgserver = pytest.importorskip("pgserver", reason="pip install pgserver, or set NIGHTSCHOOL_TEST_DSN")
    # root runs it as another user, who cannot enter pytest's own folders
    folder = tempfile.mkdtemp(prefix="nightschool-pg-")
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError) as error:  # no shared memory, no user to run it as
        pytest.skip(f"PostgreSQL does not start here: {error}; set NIGHTSCHOOL_TEST_DSN")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Give a function that opens a space: twice the same name is twice the same store."""
    stores: list[Store] = []
    run = uuid.uuid4().hex[:8]

    def open_space(space: str = "ann") -> Store:
        if request.param == "sqlite":
            store: Store = SqliteStore(tmp_path / f"{space}.sqlite", space)
        else:
            from nightschool.remember.store.postgres import PostgresStore

            store = PostgresStore(request.getfixturevalue("dsn"), f"{space}-{run}")
        stores.append(store)
        return store

    yield open_space
    for store in stores:
        store.close()

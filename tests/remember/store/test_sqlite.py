from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nightschool.errors import StoreError
from nightschool.remember.store import schema
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
from support.memories import told

_WRITER = """
import sys
from nightschool.remember.memory import Memory
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
store, name, count = SqliteStore(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for i in range(count):
    memory = Memory(f"{name} wrote number {i} " + "x" * 2000, float(i), who=name, session=name, turn=i)
    store.write([Entry(memory)])
    print(memory.id, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_on_one_store_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    said: list[str] = []
    for process in [writer(path, name, 40) for name in ("ann", "bo")]:
        out, _ = process.communicate()
        assert process.returncode == 0
        said += out.split()
    assert len(set(said)) == 80
    with SqliteStore(path) as store:
        assert {memory.id for memory in store.each()} == set(said)


_READER = """
import sys
from pathlib import Path
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.sqlite import SqliteStore
store, most, reads = SqliteStore(sys.argv[1]), 0, 0
while not Path(sys.argv[2]).exists():
    count = store.count()
    assert count >= most, "what was there is gone"
    most, reads = count, reads + 1
    for each in recall(store, "who wrote number 7?", None, 0.0):
        assert len(each.memory.content) > 2000 and each.memory.who in ("ann", "bo"), "torn"
print(most, reads)
"""


def test_a_reader_sees_only_what_is_whole_while_two_write(tmp_path: Path) -> None:
    path, over = tmp_path / "a.sqlite", tmp_path / "over"
    SqliteStore(path).close()
    script = [sys.executable, "-c", _READER, str(path), str(over)]
    reader = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    writers = [writer(path, name, 150) for name in ("ann", "bo")]
    said = [id for process in writers for id in process.communicate()[0].split()]
    over.touch()
    out, problem = reader.communicate()
    assert (reader.returncode, problem) == (0, "")
    assert [process.returncode for process in writers] == [0, 0]
    assert len(set(said)) == 300
    with SqliteStore(path) as store:
        assert {memory.id for memory in store.each()} == set(said)
    assert int(out.split()[1]) > 1


def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    acknowledged: list[str] = []
    for round in range(3):
        process = writer(path, f"w{round}", 100_000)
        assert process.stdout is not None
        for _ in range(3 + 4 * round):
            acknowledged.append(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        acknowledged = [id for id in acknowledged if len(id) == 16]  # a line may be cut by the kill
        with SqliteStore(path) as store:
            kept = {memory.id: memory for memory in store.each()}
            assert set(acknowledged) <= set(kept)
            assert all(len(memory.content) > 2000 for memory in kept.values())
            assert {hit.id for hit in store.lexical(["wrote"], 10**6)} == set(kept)


def test_a_full_disk_is_said_and_the_store_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with SqliteStore(path) as store:
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + 20}")
        written: list[str] = []

        def fill() -> None:
            while True:
                memory = told(f"number {len(written)} " + "y" * 3000, len(written))
                store.write([Entry(memory)])
                written.append(memory.id)

        with pytest.raises(StoreError, match=r"full.*make room"):
            fill()
        assert [memory.id for memory in store.each()] == written
        store._db.execute(f"PRAGMA max_page_count = {pages + 200}")
        store.write([Entry(told("there is room again"))])
    with SqliteStore(path) as store:
        assert store.count() == len(written) + 1
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_may_not_grow_is_an_error_and_not_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    SqliteStore(path).close()
    limit = 4096 * 60

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ran = subprocess.run(
        [sys.executable, "-c", _WRITER, str(path), "ann", "1000"], preexec_fn=small, capture_output=True, text=True
    )
    assert ran.returncode != 0
    assert "StoreError" in ran.stderr
    acknowledged = ran.stdout.split()
    assert acknowledged
    with SqliteStore(path) as store:
        assert [memory.id for memory in store.each()] == acknowledged


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with SqliteStore(path) as store:
        store.write([Entry(told("old times"))])
        store._db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"version 99.*pip install --upgrade"):
        SqliteStore(path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM memories").fetchone() == (1,)
    db.close()


def test_migrations_run_once_in_order_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with SqliteStore(path) as store:
        store.write([Entry(told("kept"))])
        db = store._db
        more = (*schema.MIGRATIONS, "ALTER TABLE memories ADD COLUMN mood TEXT;\nCREATE TABLE extra (a);")
        schema.migrate(db, more)
        schema.migrate(db, more)
        assert schema.version(db) == len(more)
        assert db.execute("SELECT mood FROM memories").fetchall() == [(None,)]
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(db, (*more, "CREATE TABLE half (a);\nCREATE TABLE extra (b);"))
        assert schema.version(db) == len(more)
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)


def test_what_is_not_a_store_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreError, match="no memory store"):
        SqliteStore(path)
    with pytest.raises(StoreError, match=r"cannot open"):
        SqliteStore(path / "below" / "b.sqlite")


def test_a_locked_store_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with SqliteStore(path) as other, SqliteStore(path, patience_s=0.05) as store:
        other._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked.*another process"):
            store.write([Entry(told("waiting"))])
        assert store.count() == 0
        other._db.execute("ROLLBACK")
        store.write([Entry(told("waiting"))])


def as_nobody(work: Callable[[], object]) -> str:
    """Return what `work` raised, done by who may write nothing: root puts its rights down in a process of its own."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        said = "nothing was raised"
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
        except StoreError as error:
            said = str(error)
        finally:
            os.write(outlet, said.encode())
            os._exit(0)
    os.close(outlet)
    os.waitpid(child, 0)
    with os.fdopen(inlet) as lines:
        return lines.read()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_read_only_store_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's own, which nobody else may enter
        path = Path(folder) / "a.sqlite"
        with SqliteStore(path) as store:
            store.write([Entry(told("first"))])
        path.chmod(0o444)
        Path(folder).chmod(0o555)

        def write() -> None:
            with SqliteStore(path) as store:
                store.write([Entry(told("second"))])

        assert "check its permissions" in as_nobody(write)
        Path(folder).chmod(0o755)
        with SqliteStore(path) as store:
            assert [memory.content for memory in store.each()] == ["first"]


def test_in_large_stores_rare_words_are_scored_and_common_ones_bring_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightschool.remember.store.sqlite._SCORED", 4)
    with SqliteStore(tmp_path / "a.sqlite") as store:
        said = [told(f"the boat left the harbour at {i}", i) for i in range(9)]
        rare = told("a boat of zinc", 10)
        store.write([Entry(memory) for memory in (*said, rare)])
        assert [hit.id for hit in store.lexical(["boat", "zinc"], 5)] == [rare.id]
        assert [hit.id for hit in store.lexical(["boat", "harbour"], 3)] == [m.id for m in said[:5:-1]]
        assert [hit.id for hit in store.lexical(["boat", "unheard"], 1)] == [rare.id]
        assert store.lexical(["unheard"], 5) == store.lexical([], 5) == []


def test_deleted_words_are_not_on_the_disk_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with SqliteStore(path) as store:
        secret = told("the password is xylophonequartz")
        store.write([Entry(told(f"filler {i}", i)) for i in range(50)])
        store.write([Entry(secret)])
        files = lambda: b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: E731
        assert b"xylophonequartz" in files()
        store.write(delete=[secret.id])
        assert b"xylophonequartz" not in files()

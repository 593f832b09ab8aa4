import os
import subprocess
import sys
from pathlib import Path

import pytest

from nightschool import paths


def test_home_holds_everything_and_the_cache_moves_alone():
    home = {"NIGHTSCHOOL_HOME": "/h"}
    folders = [folder(home) for folder in (paths.cache_folder, paths.config_folder, paths.data_folder)]
    assert folders == [Path("/h/cache"), Path("/h/config"), Path("/h/data")]
    assert paths.cache_folder(home | {"NIGHTSCHOOL_CACHE": "/c"}) == Path("/c")
    assert len({folder({}) for folder in (paths.cache_folder, paths.config_folder, paths.data_folder)}) == 3


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "deep" / "row.json"
    paths.write_durably(path, "old")
    paths.write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "row.json"
    paths.write_durably(path, "old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        paths.write_durably(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path):
    final = tmp_path / "w"
    with pytest.raises(FileNotFoundError), paths.new_folder(final) as folder:
        (folder / "half").write_bytes(Path("/nowhere/at/all").read_bytes())
    assert list(tmp_path.iterdir()) == []
    with paths.new_folder(final) as folder:
        (folder / "all").write_text("x")
        assert not final.exists()
    assert [p.name for p in final.iterdir()] == ["all"]


def test_whoever_comes_second_leaves_the_first_folder_alone(tmp_path):
    final = tmp_path / "w"
    with paths.new_folder(final) as second:
        (second / "who").write_text("second")
        with paths.new_folder(final) as first:
            (first / "who").write_text("first")
    assert (final / "who").read_text() == "first"
    assert list(tmp_path.iterdir()) == [final]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "row.json"
    paths.write_durably(path, "old")
    script = (
        "import os, signal, sys; from pathlib import Path; from nightschool import paths\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "paths.write_durably(Path(sys.argv[1]), 'new')"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert path.read_text() == "old"


def test_what_is_written_may_be_read_by_whom_the_umask_says(tmp_path):
    old = os.umask(0o027)
    try:
        paths.write_durably(tmp_path / "report.html", "a")
    finally:
        os.umask(old)
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o640

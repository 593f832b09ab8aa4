"""Keys are told once and kept as hashes."""

from __future__ import annotations

import hmac
import stat
from pathlib import Path

import pytest

from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.surface.cli import run
from nightschool.surface.server.keys import Keys, read_keys, write_keys


def test_a_key_is_found_and_its_text_is_nowhere(tmp_path: Path) -> None:
    keys, told = Keys().added("anna")
    path = tmp_path / "keys.json"
    write_keys(path, keys)
    assert told not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = read_keys(path).find(told)
    assert found is not None
    assert (found.name, found.space) == ("anna", "anna")
    assert read_keys(path).find(told[:-1]) is None


def test_keys_are_unlike_each_other() -> None:
    keys, first = Keys().added("a")
    _, second = keys.added("b")
    assert first != second
    with pytest.raises(UsageError, match="already"):
        keys.added("a")


def test_a_key_can_be_taken_away() -> None:
    keys, told = Keys().added("anna")
    assert keys.without("anna").find(told) is None
    with pytest.raises(UnknownName, match="did you mean anna"):
        keys.without("ana")


def test_no_file_is_no_keys_and_a_broken_one_is_said(tmp_path: Path) -> None:
    assert not read_keys(tmp_path / "none.json")
    broken = tmp_path / "keys.json"
    broken.write_text('{"keys": [{"name": 1}]}')
    with pytest.raises(BadFile, match="cannot read the keys"):
        read_keys(broken)


def test_the_command_hands_out_lists_and_takes_away(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys"]) == 0
    assert "no keys" in capsys.readouterr().out
    assert run(["keys", "add", "anna", "--space", "default", "-q"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("ns-")
    assert run(["keys", "ls"]) == 0
    assert capsys.readouterr().out == "anna  default\n"
    assert run(["keys", "remove", "anna"]) == 0
    assert run(["keys", "add"]) == 2
    assert run(["keys", "give", "anna"]) == 2


def test_a_wrong_key_takes_as_long_as_a_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hash is compared, in a time that does not depend on where two differ, whichever was given."""
    keys, first = Keys().added("a")
    keys, _ = keys.added("b")
    keys, last = keys.added("c")
    compared: list[int] = []
    whole = hmac.compare_digest

    def counting(one: str, other: str) -> bool:
        compared.append(len(other))
        return whole(one, other)

    monkeypatch.setattr("nightschool.surface.server.keys.hmac.compare_digest", counting)
    for given in (first, last, "ns-wrong", ""):
        compared.clear()
        keys.find(given)
        assert compared == [64, 64, 64]

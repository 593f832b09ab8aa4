"""What the command line says about what cannot be run, and what it loads to say it."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from nightschool import errors
from nightschool.surface import cli

HEAVY = ("torch", "transformers", "peft", "numpy", "scipy", "matplotlib", "rich", "httpx", "pydantic", "jinja2", "yaml")


LINES = [["--help"], ["ls"], ["doctor"], ["concept", "ls"], *([name, "--help"] for name in cli.COMMANDS)]


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """Return the top-level modules in memory after each of LINES, run one after another in a process of its own."""
    code = (
        "import json, sys; from nightschool.surface.cli import run\n"
        "for line in json.loads(sys.argv[1]):\n"
        "    status = run(line)\n"
        "    assert status == 0, line\n"
        "    print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(LINES)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stderr.splitlines()[-len(LINES) :]]


@pytest.mark.parametrize("line", range(len(LINES)), ids=[" ".join(line) for line in LINES])
def test_help_and_lists_load_nothing_heavy(line: int, loaded: list[set[str]]) -> None:
    """One that loads what it should not is followed by others that had it already: look at the first that fails."""
    assert "click" in loaded[line]
    assert loaded[line].isdisjoint(HEAVY)


def test_ls_imports_no_plugin() -> None:
    code = (
        "import sys; from nightschool.surface.cli import run; run(['ls', '--json']);"
        "print([m for m in sys.modules if m.startswith('nightschool.')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    rooms = {name.strip("'[], ").split(".")[1] for name in done.stderr.split()}
    assert "registry" in rooms
    assert rooms.isdisjoint({"models", "critics", "worlds", "think", "exam", "search", "sleep", "train", "drive"})


def test_help_imports_little() -> None:
    """How long it takes, `benchmarks/startup.py` says; what makes it long is seen here on any machine."""
    code = (
        "import sys; from nightschool.surface import cli; cli.run(['--help']); sys.stderr.write(str(len(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    bare = subprocess.run(
        [sys.executable, "-I", "-c", "import sys, click; print(len(sys.modules))"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert int(done.stderr) < int(bare.stdout) + 120


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_every_command_is_a_module_whose_name_it_bears() -> None:
    root = click.Context(cli.cli, info_name="nightschool")
    for name in cli.COMMANDS:
        command = cli.cli.get_command(root, name)
        assert command is not None
        assert command.name == name


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["dotcor"], "did you mean doctor"),
        (["doctor", "--jsn"], "--json"),
        (["ls", "worlsd"], "did you mean worlds"),
        (["ls", "worlds", "more"], "more"),
    ],
)
def test_typing_errors_are_one_line_with_near_misses(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.startswith("nightschool: ")
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadSpec("x"), 2),
        (errors.ModelNotFound("x"), 1),
        (errors.Leak("x"), 1),
        (errors.StopRequested("x"), 130),
        (KeyboardInterrupt(), 130),
        (click.UsageError("x"), 2),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    assert cli.run(["ls"]) == code
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


def test_traceback_shows_the_whole_error() -> None:
    with pytest.raises(errors.UnknownName):
        cli.run(["--traceback", "lss"])
    with pytest.raises(errors.UnknownName):
        cli.run(["ls", "worlsd", "--traceback"])


def test_defects_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["ls"])


def test_ls_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ls", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"name": "sorting", "from": "nightschool 0.1.0"} in listed["worlds"]
    assert set(listed) == {"models", "critics", "worlds", "strategies", "rungs", "analyses"}

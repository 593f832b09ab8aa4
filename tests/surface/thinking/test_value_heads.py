from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.asks import CriticRole, Read
from nightschool.drive import Drive, Job
from nightschool.items import Adapter, Noise, Sampling, Split, split_of
from nightschool.models.scripted import Scripted
from nightschool.ports import Critic
from nightschool.registry import make
from nightschool.surface.cli import run
from nightschool.surface.thinking.value_heads import teach
from nightschool.think.value_head import ValueHead
from support.thinking import Likes, task


def test_a_head_is_taught_by_one_line_and_used_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # draws depend on the task's name, and a path in it would differ from run to run
    file, words = tmp_path / "head.json", ("red", "blue", "green", "grey")
    rows = (f'"{", ".join(words[i % 4 :] + words[: i % 4])}, {i}"' for i in range(80))
    (tmp_path / "colours.csv").write_text("\n".join(["input", *rows]))
    task = "file:colours.csv"
    line = ["think", "--task", task, "--critic", "contains:text=a", "--model", "scripted", "--max-tokens", "40"]
    teaching = ["--items", "40", "--strategy", "best-of-n:n=8", "--teach", str(file), "--step", "comma"]
    assert run([*line, *teaching]) == 0
    assert "a value head of" in capsys.readouterr().err
    head = ValueHead.read(str(file))
    assert head.taught.labels >= 10
    assert head.taught.held_out is not None
    assert run([*line, "--items", "1", "--strategy", f"mcts:n=4,split=comma,value=head,head={file}"]) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["text", "--teach", "h.json"], "give --task TASK"),
        (["--task", "sorting:n=2,high=12", "--step", "comma"], "give --task TASK"),
        (["--task", "sorting:n=2,high=12", "--teach", "h.json", "--strategy", "best-of-n:n=2"], "--step comma"),
        (
            ["--task", "sorting:n=2,high=12", "--teach", "h.json", "--step", "comma", "--items", "2"],
            "teach nothing",
        ),
    ],
)
def test_what_cannot_teach_is_said(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", *more, "--model", "scripted"]) == 2
    assert said in capsys.readouterr().err


def test_answers_are_shown_though_they_teach_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.csv").write_text("\n".join(["input", *(f'"red, blue, {i}"' for i in range(80))]))
    line = ["think", "--task", f"file:{tmp_path}/q.csv", "--critic", "contains:text=§", "--model", "scripted"]
    teaching = ["--items", "40", "--strategy", "best-of-n:n=8", "--teach", str(tmp_path / "h.json"), "--step", "comma"]
    assert run([*line, "--max-tokens", "40", *teaching]) == 2
    out, err = capsys.readouterr()
    assert out.count(" -> ") > 30
    assert "all their answers failed" in err
    assert not (tmp_path / "h.json").exists()


def test_states_are_read_of_the_weights_that_wrote_the_answers(tmp_path: Path) -> None:
    def answer(prompt: str) -> dict[str, float]:
        return {"1, 1, 2": 1.0, "2, 2, 1": 1.0}

    model = Scripted(answer, adapters={"night": answer})
    model.load_adapter(Adapter("night", model.identity, ""))
    search = make("strategies", "best-of-n:n=6")
    critics: dict[CriticRole, Critic] = {"verifier": Likes(lambda text: float(text.startswith("1")))}
    jobs = [
        Job(search, replace(task(f"{n}", sampling=Sampling(9)), adapter="night"), Noise((n,)), critics=critics)
        for n in range(30)
        if split_of(f"{n}") is Split.PRACTICE
    ]
    teach(model, Drive(model).run(jobs), tmp_path / "head.json", "comma")
    assert {ask.adapter for ask in model.asked if isinstance(ask, Read)} == {"night"}

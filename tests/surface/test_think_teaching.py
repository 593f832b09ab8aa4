from __future__ import annotations

from pathlib import Path

import pytest

from nightschool.surface.cli import run
from nightschool.think.value_head import ValueHead


def test_a_head_is_taught_by_one_line_and_used_by_the_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, words = tmp_path / "head.json", ("red", "blue", "green", "grey")
    rows = (f'"{", ".join(words[i % 4 :] + words[: i % 4])}, {i}"' for i in range(80))
    (tmp_path / "colours.csv").write_text("\n".join(["input", *rows]))
    task = f"file:{tmp_path / 'colours.csv'}"
    line = ["think", "--task", task, "--critic", "contains:text=g", "--model", "scripted", "--max-tokens", "40"]
    teaching = ["--items", "20", "--strategy", "best-of-n:n=8", "--teach", str(file), "--step", "comma"]
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

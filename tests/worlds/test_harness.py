import json
from pathlib import Path

import pytest

from nightschool.errors import BadFile, BadItems
from nightschool.items import Split
from nightschool.worlds.file import FileWorld

CHOICE = """
task: colours
dataset_path: json
dataset_kwargs:
  data_files: {test: test.jsonl, train: train.jsonl}
training_split: train
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: "{{options}}"
doc_to_target: answer
metric_list:
  - metric: acc
num_fewshot: 5
"""
GENERATE = """
task: sums
dataset_path: data.csv
output_type: generate_until
doc_to_text: "What is {{a}} + {{b}}?"
doc_to_target: "{{a|int + b|int}}"
description: "You add numbers."
generation_kwargs: {until: ["\\n"], max_gen_toks: 12}
metric_list:
  - metric: exact_match
    ignore_case: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"question": f"{i}?", "options": [f"red {i}", f"blue {i}"], "answer": i % 2} for i in range(8)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:5]))
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[5:]))
    (tmp_path / "data.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "choice.yaml").write_text(CHOICE)
    (tmp_path / "generate.yaml").write_text(GENERATE)
    return tmp_path


def test_multiple_choice_tasks_are_read_with_their_splits(folder: Path) -> None:
    world = FileWorld(str(folder / "choice.yaml"))
    exam, practice = world.items(Split.EXAM), world.items(Split.PRACTICE)
    assert (len(exam), len(practice), len(world.items(Split.TUNE))) == (5, 3, 0)
    item = next(item for item in exam if item.inputs["input"].startswith("Question: 1?"))
    assert (item.target, item.choices) == ("blue 1", ("red 1", "blue 1"))
    assert world.reference.judge(item, "B").passed
    assert "Question: 1?" in str(world.pose(item, world.wordings[0]))


def test_generated_answers_are_read_with_their_settings(folder: Path) -> None:
    world = FileWorld(str(folder / "generate.yaml"))
    assert {item.target for item in world.items(Split.EXAM)} == {"3", "7"}
    assert world.max_answer_tokens == 12
    assert "You add numbers." in str(world.pose(world.items(Split.EXAM)[0], world.wordings[0]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("doc_to_target: answer", "doc_to_target: !function utils.target"), "code"),
        (("output_type: multiple_choice", "output_type: loglikelihood"), "cannot be read"),
        (("test.jsonl", "none.jsonl"), "not there"),
        (("  data_files: {test: test.jsonl, train: train.jsonl}", "  x: y"), "nothing is fetched"),
        (('doc_to_choice: "{{options}}"\n', ""), "has no doc_to_choice"),
        (("test_split: test", "test_split: held"), "train.jsonl"),
    ],
)
def test_what_would_run_code_or_fetch_is_refused(folder: Path, change: tuple[str, str], said: str) -> None:
    text = CHOICE.replace(*change)
    (folder / "choice.yaml").write_text(text)
    if "train.jsonl" in said:
        world = FileWorld(str(folder / "choice.yaml"))
        assert not world.items(Split.EXAM)
        return
    with pytest.raises(BadFile, match=said):
        FileWorld(str(folder / "choice.yaml"))


def test_rows_that_do_not_fit_are_refused_with_their_lines(folder: Path) -> None:
    rows = [
        {"question": "1?", "options": ["a", "b"], "answer": 5},
        {"question": "2?", "options": ["a", "b"], "answer": 0},
        {"question": "2?", "options": ["a", "b"], "answer": 0},
        {"question": "3?", "answer": 0},
    ]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(BadItems) as caught:
        FileWorld(str(folder / "choice.yaml"))
    text = str(caught.value)
    assert "line 1: does not fit the task file: the target is choice number 5" in text
    assert "line 3: is the same item as line 2" in text
    assert "line 4: does not fit the task file" in text

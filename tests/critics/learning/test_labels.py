from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.critics.learning.labels import Label, label_row, read_labels
from nightschool.errors import BadFile, BadItems, Leak
from nightschool.items import Split, split_of

EXAM_KEY = next(f"k{i}" for i in range(99) if split_of(f"k{i}") is Split.EXAM)
PRACTICE_KEY = next(f"k{i}" for i in range(99) if split_of(f"k{i}") is Split.PRACTICE)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    labels = [
        Label({"q": "x"}, "yes", wanted=False),
        Label({"q": "x"}, "better", "worse", key=PRACTICE_KEY),
        Label({"q": "ü\ud800"}, "", ""),
    ]
    file = tmp_path / "l.jsonl"
    file.write_text("\n".join(json.dumps(label_row(label, left="a")) for label in labels) + "\n\n")
    assert read_labels(file) == labels
    assert len({label.id for label in labels}) == 3
    assert labels[0].group != labels[2].group
    assert labels[1].group == PRACTICE_KEY


def test_neither_is_no_label_and_a_plain_input_is_one(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text('{"input": "q", "neither": true}\n{"input": "q", "answer": "a", "wanted": true}\n')
    assert read_labels(file) == [Label({"input": "q"}, "a")]


def test_separators_of_lines_within_a_text_end_no_line(tmp_path: Path) -> None:
    labels = [Label({"q": "one\u2028two"}, "a\u0085b\u2029\x0c"), Label({"q": "x"}, "yes")]
    file = tmp_path / "l.jsonl"
    rows = [json.dumps(label_row(label), ensure_ascii=False) for label in labels]
    file.write_text("\r\n".join(rows), encoding="utf-8")
    assert read_labels(file) == labels


def test_every_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text('nonsense\n{"input": "q", "answer": "a", "wanted": 1}\n{"input": "q", "better": "a"}\n[]\n')
    with pytest.raises(BadItems) as caught:
        read_labels(file)
    assert [f"line {n}:" in problem for n, problem in enumerate(caught.value.problems, 1)] == [True] * 4
    with pytest.raises(BadFile, match="nightschool label A B"):
        read_labels(tmp_path / "none.jsonl")


def test_items_of_the_exam_teach_nobody(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(json.dumps(label_row(Label({"q": "x"}, "a", key=EXAM_KEY))))
    with pytest.raises(Leak, match="of exam"):
        read_labels(file)

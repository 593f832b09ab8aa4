from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.critics.learning.labels import read_labels
from nightschool.errors import BadFile, BadItems, Leak, UsageError
from nightschool.items import Split, split_of
from nightschool.surface.thinking.preferences import (
    Answered,
    Choice,
    Duel,
    ask_all,
    duels,
    known,
    preference,
    read_answers,
)

NAMES = ("a.json", "b.json")


def answers(word: str, n: int = 40) -> list[Answered]:
    return [Answered({"q": str(i)}, f"{word} {i}") for i in range(n)]


def chooser(word: str) -> object:
    """Return one who wants answers with `word` in them."""

    def choose(duel: Duel) -> Choice:
        return "left" if word in duel.shown[0] else "right"

    return choose


def test_sides_and_order_are_settled_by_the_seed_and_both_sides_are_used() -> None:
    a, b = answers("x"), answers("y")
    first, again, other = duels(a, b, 0), duels(a, b, 0), duels(a, b, 1)
    assert first == again != other
    assert 5 < sum(duel.swapped for duel in first) < 35
    assert {duel.id for duel in first} == {duel.id for duel in duels(b, a, 5)}


def test_only_what_both_answered_unlike_is_asked() -> None:
    a = [*answers("x", 3), Answered({"q": "mine"}, "z"), Answered({"q": "same"}, "z")]
    b = [*answers("y", 2), Answered({"q": "same"}, "z ")]
    assert sorted(duel.a.inputs["q"] for duel in duels(a, b, 0)) == ["0", "1"]
    with pytest.raises(UsageError, match="share 1 questions and answered them alike"):
        duels(a[-1:], b[-1:], 0)
    with pytest.raises(UsageError, match="share no question"):
        duels(a[:1], b[1:2], 0)


def test_items_of_the_exam_are_not_asked_about() -> None:
    key = next(f"k{i}" for i in range(99) if split_of(f"k{i}") is Split.EXAM)
    with pytest.raises(Leak):
        duels([Answered({"q": "1"}, "x", key)], [Answered({"q": "1"}, "y", key)], 0)


def test_what_is_chosen_is_on_disk_at_once_and_teaches_the_right_way_round(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "labels.jsonl"
    todo = duels(answers("x"), answers("y"), 0)
    made = ask_all(todo, file, chooser("y"), names=NAMES)
    assert len(made) == 40
    assert all(label.better.startswith("y") and str(label.worse).startswith("x") for label in read_labels(file))
    mine, left = preference(known(file).values(), NAMES)
    assert mine is not None
    assert (mine.value, mine.n) == (0.0, 40)
    assert left is not None
    assert 0.2 < left.value < 0.8
    assert preference(known(file).values(), ("other", "b.json")) == (None, None)


def test_it_goes_on_where_it_was_left_even_after_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    todo = duels(answers("x", 10), answers("y", 10), 0)
    choices: list[Choice] = ["left", "neither", "skip", "right", "quit"]
    ask_all(todo, file, lambda duel: choices.pop(0), names=NAMES)
    assert len(known(file)) == 3
    file.write_text(file.read_text()[:-20])  # killed while it wrote
    rows = known(file)
    assert len(rows) == 2
    ask_all([duel for duel in todo if duel.id not in rows], file, chooser("x"), names=NAMES)
    assert len(known(file)) == 10
    assert sum(row["chosen"] is None for row in known(file).values()) == 1


def test_separators_of_lines_within_a_text_end_no_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    rows = [{"input": "one\u2028two", "answer": "a\u0085b", "duel": str(i)} for i in range(2)]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert [one.answer for one in read_answers(file)] == ["a\u0085b"] * 2
    assert known(file) == {row["duel"]: row for row in rows}


def test_files_of_think_and_of_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(
        json.dumps(
            {"answers": [{"input": {"q": "1"}, "answer": "x", "key": ""}, {"input": {"q": "2"}, "answer": None}]}
        )
    )
    assert read_answers(file) == [Answered({"q": "1"}, "x")]
    file.write_text('{"input": "1", "answer": "x"}\n\n{"input": {"q": "2"}, "answer": "y", "key": "k"}\n')
    assert read_answers(file) == [Answered({"input": "1"}, "x"), Answered({"q": "2"}, "y", "k")]
    file.write_text('{"input": "1", "answer": 3}\nnonsense\n')
    with pytest.raises(BadItems) as caught:
        read_answers(file)
    assert len(caught.value.problems) == 2
    with pytest.raises(BadFile, match="nightschool think"):
        read_answers(tmp_path / "none")
    assert known(tmp_path / "none") == {}

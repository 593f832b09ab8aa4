from pathlib import Path

import pytest

from nightschool.errors import BadItems
from nightschool.items import Split, split_of
from nightschool.worlds.audit import Columns, audit, key_in, make_critic
from nightschool.worlds.rows import Nested, Row, Sheet


def sheet(*rows):
    return Sheet(Path("q.csv"), [Row(line, cells) for line, cells in enumerate(rows, start=2)])


def pairs(*targets):
    return sheet(*({"input": f"question {i}", "target": target} for i, target in enumerate(targets)))


def problems(*args, **kwargs):
    with pytest.raises(BadItems) as caught:
        audit(*args, **kwargs)
    return caught.value.problems


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"target": "1"}, "has no 'input'"),
        ({"input": " ", "target": "1"}, "'input' is empty"),
        ({"input": "q", "target": ""}, "'target' is empty"),
        ({"input": "q"}, "has no 'target'"),
        ({"input": "q", "target": ("a", "b")}, "'target' is a list"),
        ({"input": Nested(), "target": "a"}, "'input' is neither a text nor a number"),
        ({"input": "q", "target": "c", "choices": "a|b"}, "'c' is none of the choices a, b"),
        ({"input": "q", "target": "a", "choices": ("a",)}, "two or more unlike texts"),
        ({"input": "q", "target": "a", "choices": "a|A |b"}, "two or more unlike texts"),
        ({"input": "q", "target": "a", "choices": Nested()}, "not a list of texts"),
        ({"input": "q", "target": "a", "critic": "exakt"}, "did you mean exact"),
        ({"input": "q", "target": "a", "split": "tset"}, "did you mean test"),
        ({"input": "First  ONE", "target": "a"}, "is the same item as line 2"),
        ({"input": "first one", "target": "b"}, "asks the same as line 2, where the target is 'a' and not 'b'"),
    ],
)
def test_each_broken_row_is_named_with_file_and_line(row, said):
    (problem,) = problems(sheet({"input": "first one", "target": "a"}, {"input": "x", "target": "y"}, row))
    assert problem.startswith("q.csv, line 4: ")
    assert said in problem


def test_all_broken_rows_are_named_at_once_in_order():
    found = problems(
        Sheet(Path("q.csv"), sheet({"input": "a"}, {"input": "", "target": "b"}).rows, {}, [(1, "is odd")])
    )
    assert [problem.split(": ")[0] for problem in found] == [f"q.csv, line {n}" for n in (1, 2, 3)]


def test_a_column_that_no_row_has_is_said_once_with_the_near_ones():
    rows = sheet(*({"qestion": f"{i}", "target": "1"} for i in range(50)))
    (problem,) = problems(rows, Columns(input="question"))
    assert "did you mean qestion" in problem
    assert problems(Sheet(Path("q.csv"))) == ("q.csv, line 1: there are no items in it",)


def test_an_item_in_two_splits_is_a_leak():
    here, there = key_in("file k", Split.PRACTICE), key_in("file k", Split.EXAM)
    row = {"input": "same", "target": "a"}
    (problem,) = problems(sheet({**row, "key": here[5:]}, {**row, "key": there[5:]}))
    assert "under another key: exam here and practice there" in problem
    (problem,) = problems(
        sheet({**row, "split": "train", "key": "k"}, {**row, "input": "other", "split": "test", "key": "k"})
    )
    assert "is an item of exam, but line 2, of the same key, is an item of practice" in problem


def test_a_split_column_puts_items_where_it_says():
    rows = [{"input": f"q{i}", "target": "a", "split": name} for i, name in enumerate(["train", "Dev", "test"] * 20)]
    found = audit(sheet(*rows)).items
    assert [item.split for item in found] == [Split.PRACTICE, Split.TUNE, Split.EXAM] * 20
    assert len({item.key for item in found}) == 60
    assert all(item.split is Split.EXAM for item in audit(pairs(*"abcdefg"), only=Split.EXAM).items)


@pytest.mark.parametrize("split", list(Split))
def test_a_key_is_changed_only_as_far_as_needed(split):
    assert split_of(key_in("base", split)) is split
    assert key_in("base", split_of("base")) == "base"


@pytest.mark.parametrize(
    ("targets", "critic"),
    [
        (("1", "2.5", "-3,000"), "numeric"), (("a", "b"), "exact"), (("1", "b"), "exact"), (("007", "12"), "exact"),
        (("01234", "56789"), "exact"), (("0.5", "0"), "numeric"),
    ],
)  # fmt: skip
def test_the_default_critic_follows_the_targets(targets, critic):
    assert {own.name for own in audit(pairs(*targets)).critics.values()} == {critic}


def test_choices_make_the_critic_choice_and_all_rows_need_them():
    row = {"input": "a", "target": "x", "choices": "x|y"}
    found = audit(sheet(row, {**row, "input": "b"}))
    assert {critic.name for critic in found.critics.values()} == {"choice"}
    assert found.items[0].inputs == {"input": "a", "choices": "x, y"}
    (problem,) = problems(sheet(row, {"input": "b", "target": "x"}))
    assert "has no 'choices', which other lines have" in problem


def test_one_text_among_numbers_is_a_slip_unless_a_critic_is_named():
    targets = [str(i) for i in range(30)] + ["eleven"]
    (problem,) = problems(pairs(*targets))
    assert problem.startswith("q.csv, line 32: the target 'eleven' is not a number")
    assert len(audit(pairs(*targets), critic=make_critic("exact")).items) == 31


def test_rows_may_name_their_own_critic_and_one_that_needs_no_target():
    rows = sheet(
        {"input": "a", "target": "1"},
        {"input": "b", "target": "2", "critic": "numeric:tolerance=1"},
        {"input": "c", "critic": "regex:pattern=[a-z]+"},
    )
    assert [critic.name for critic in audit(rows).critics.values()] == ["numeric", "numeric", "regex"]
    verifier = make_critic("regex:pattern=[a-z]+")
    assert audit(sheet({"input": "a"}), critic=verifier).items[0].target is None
    (problem,) = problems(sheet({"input": "a"}, {"input": "b", "target": "1"}), critic=make_critic("numeric"))
    assert problem == "q.csv, line 2: has no 'target', which the critic numeric compares with"


def test_what_the_prompt_shows_is_the_items_identity():
    rows = sheet(*({"input": "Who?", "text": f"Text {i}", "target": "x"} for i in range(3)))
    assert len(problems(rows)) == 2
    assert len(audit(rows, Columns(needed=("text",))).items) == 3

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.fields import Fields, read_fields
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight
from nightschool.registry import make

MESSAGE = "Hello, this is Ann Bolt. Please pay $1,250.00 for the roof by March 14, 2025."
TARGET = "name: Ann Bolt\ndue: 2025-03-14\ntotal: $1250"
EXPECT = "name due=date total=amount note=text?"
ITEM = Item("i", {"message": MESSAGE}, TARGET, "k")


def verify(answer: str) -> Verdict:
    return Fields(EXPECT, "verifier").judge(ITEM.blind(), answer)


def compare(answer: str) -> Verdict:
    return Fields(EXPECT).judge(ITEM, answer)


@pytest.mark.parametrize(
    "answer",
    [
        TARGET,
        "Name: ann bolt\n\n- Due: 14 March 2025\n* Total: 1,250.00 USD\n",
        '{"name": "Ann Bolt", "due": "2025-03-14", "total": 1250}',
        '```json\n{"name": "Ann Bolt", "due": "2025-03-14", "total": "$1250", "note": null}\n```',
        TARGET + "\nnote: none",
    ],
)
def test_right_fields_pass_in_every_form(answer: str) -> None:
    assert verify(answer) == Verdict(1.0, True)
    assert compare(answer).score >= 0.75
    if "note" not in answer:
        assert compare(answer) == Verdict(1.0, True)


@pytest.mark.parametrize(
    ("answer", "score", "feedback"),
    [
        ("name: Bob\ndue: 2025-03-14\ntotal: 1250", 3 / 4, 'name: "Bob" does not occur in the message.'),
        ("name: Ann Bolt\ndue: soon\ntotal: 1250", 3 / 4, 'due: "soon" is not a date.'),
        ("name: Ann Bolt\ndue: 2025-03-14\ntotal: much", 3 / 4, 'total: "much" is not an amount.'),
        ("name: Ann Bolt\ntotal: 1250", 3 / 4, "Missing: due."),
        (TARGET + "\ncity: Rome", 4 / 5, "Not asked for: city."),
        (TARGET + "\nname: Ann Bolt", 4 / 5, "Twice: name."),
        ("Here you are\n" + TARGET, 4 / 5, "Write one line for each field, as `field: value`, and nothing else."),
    ],
)
def test_a_verifier_says_what_cannot_be_right(answer: str, score: float, feedback: str) -> None:
    assert verify(answer) == Verdict(score, False, feedback)


def test_a_reference_counts_the_fields_right_and_never_quotes_the_target() -> None:
    assert compare("name: Ann\ndue: 2025-03-15\ntotal: 1250") == Verdict(1 / 3, False, "Wrong: name. Wrong: due.")
    assert compare("due: 2025-03-14") == Verdict(1 / 3, False, "Missing: name. Missing: total.")
    assert compare("I do not know") == Verdict(
        0.0,
        False,
        "Missing: name. Missing: due. Missing: total. "
        "Write one line for each field, as `field: value`, and nothing else.",
    )


def test_a_target_that_says_absent_wants_it_absent() -> None:
    item = Item("i", {"message": MESSAGE}, "name: Ann Bolt\nnote: none", "k")
    assert Fields().judge(item, "name: Ann Bolt").passed
    assert Fields().judge(item, "name: Ann Bolt\nnote: -").passed
    assert Fields().judge(item, "name: Ann Bolt\nnote: roof").feedback == "Wrong: note."


def test_a_broken_target_is_the_critics_failure() -> None:
    with pytest.raises(ValueError, match="the target is not fields"):
        Fields().judge(Item("i", {}, "just words", "k"), "name: x")


def test_from_a_specification() -> None:
    critic = make("critics", "fields:sight=verifier,expect=name due=date total=amount")
    assert critic.sight is Sight.VERIFIER
    assert critic.judge(ITEM.blind(), TARGET).passed


@pytest.mark.parametrize("how", [{"sight": "verifier"}, {"sight": "both"}, {"expect": "due=day"}])
def test_parameters_that_make_no_sense(how: dict[str, str]) -> None:
    with pytest.raises(BadSpec, match="fields"):
        Fields(**how)


NAMES = st.text("abcdefg", min_size=1, max_size=8)
VALUES = st.text("abcxyz 0123", min_size=1).map(str.strip).filter(lambda v: v not in ("", "-"))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=8))
def test_lines_are_read_back(fields: dict[str, str]) -> None:
    assert read_fields("\n".join(f"{name}: {value}" for name, value in fields.items())) == (fields, [])

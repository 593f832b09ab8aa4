from collections import Counter

import pytest

from nightschool.errors import BadSpec
from nightschool.items import Split
from nightschool.worlds.presidents import NAMES, PRESIDENTS, NamesPresident, Presidents, presidents_in


def everything(world):
    return [item for split in Split for item in world.items(split)]


def test_the_office_has_had_47_numbers_and_45_men():
    assert len(PRESIDENTS) == 47
    assert len(NAMES) == 45
    assert PRESIDENTS[0] == "George Washington"
    assert PRESIDENTS[15] == "Abraham Lincoln"
    assert PRESIDENTS[31] == "Franklin D. Roosevelt"
    assert PRESIDENTS[21] == PRESIDENTS[23] == "Grover Cleveland"
    assert PRESIDENTS[44] == PRESIDENTS[46] == "Donald Trump"


def test_every_number_is_asked_and_neighbours_where_they_are_clear():
    items = everything(Presidents())
    kinds = Counter(item.id.split()[0] for item in items)
    assert kinds == {"number": 47, "after": 43, "before": 42}
    assert len({item.id for item in items}) == len(items)
    assert not any("Cleveland" in item.id or "Trump" in item.id for item in items)
    assert len(everything(Presidents(ask="after"))) == 43


def test_no_man_is_the_answer_in_two_splits():
    splits = {}
    for item in everything(Presidents()):
        assert splits.setdefault(item.target, item.split) is item.split


def test_every_man_comes_once_before_any_comes_again():
    items = Presidents().items(Split.PRACTICE, seed=3)
    men = {item.target for item in items}
    assert {item.target for item in items[: len(men)]} == men


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Abraham Lincoln", {"Abraham Lincoln"}),
        ("The 16th president was LINCOLN.", {"Abraham Lincoln"}),
        ("James Polk", {"James K. Polk"}),
        ("Polk", {"James K. Polk"}),
        ("Johnson", set()),
        ("Roosevelt or Adams or Bush or Harrison", set()),
        ("John Adams", {"John Adams"}),
        ("John Quincy Adams", {"John Quincy Adams"}),
        ("George Bush", set()),
        ("George W. Bush", {"George W. Bush"}),
        ("George H.W. Bush", {"George H. W. Bush"}),
        ("FDR", {"Franklin D. Roosevelt"}),
        ("Franklin Roosevelt", {"Franklin D. Roosevelt"}),
        ("William Harrison", {"William Henry Harrison"}),
        ("Van Buren", {"Martin Van Buren"}),
        ("Lincoln, Grant and Hayes", {"Abraham Lincoln", "Ulysses S. Grant", "Rutherford B. Hayes"}),
        ("Nobody", set()),
    ],
)
def test_names_are_read_as_people_write_them(text, named):
    assert presidents_in(text) == named


def test_every_full_name_is_read_as_itself_alone():
    assert all(presidents_in(name) == {name} for name in NAMES)


def test_the_answer_may_repeat_the_question_and_name_no_one_else():
    item = next(item for item in everything(Presidents()) if item.id == "after Abraham Lincoln")
    critic = NamesPresident()
    assert critic.judge(item, "After Lincoln came Andrew Johnson.").passed
    assert not critic.judge(item, "Johnson").passed
    assert critic.judge(item, "Andrew Johnson or Grant").feedback == "Name one president only."
    assert critic.judge(item, "Grant").feedback == "This is another president."
    with pytest.raises(ValueError, match="no president"):
        critic.judge(item.blind(), "Grant")


def test_an_unknown_kind_of_question_is_refused():
    with pytest.raises(BadSpec, match="number, after, before"):
        Presidents(ask="who")

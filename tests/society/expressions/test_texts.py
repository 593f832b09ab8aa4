import random

import pytest

from nightschool.items import Noise
from nightschool.search.budget import Budget
from nightschool.society.expressions.grammar import Grammar, sample
from nightschool.society.expressions.solve import solve
from nightschool.society.expressions.space import Space
from nightschool.society.expressions.texts import TEXTS

NAMES = ("Ada Lovelace", "Alan Turing", "Grace B. Hopper", "x", "", "a-b-c")


def test_a_block_holds_what_plain_evaluation_gives():
    space = Space([(name, "") for name in NAMES], longest=30)
    given, compared = space.block(list(NAMES)), 0
    for k in range(300):
        term = sample(
            Grammar(TEXTS, "text"), "text", iter(random.Random(Noise(("texts", k)).key()).random, None), deep=4
        )
        block = TEXTS.rows(term, space, given).expand(1, len(NAMES), 31)[0]
        for row, name in zip(block, NAMES, strict=True):
            there, plain = TEXTS.attempt(term, name)
            if int(row[-1]) >= 0:
                assert (there, plain) == (True, space.value(row, "text")), TEXTS.written(term)
                compared += 1
            else:
                assert not there or len(plain) > 30 or term.size > 3, TEXTS.written(term)
    assert compared > 500


@pytest.mark.parametrize(
    ("pairs", "new"),
    [
        ([("Ada Lovelace", "Lovelace"), ("Alan Turing", "Turing")], ("Grace Hopper", "Hopper")),
        ([("Ada Lovelace", "A"), ("Bo Li", "B")], ("Grace Hopper", "G")),
        ([("2024-05-01", "2024"), ("1999-12-31", "1999")], ("2001-01-01", "2001")),
        ([("ada@x.org", "x.org"), ("bob@mail.com", "mail.com")], ("c@d.e", "d.e")),
        ([("new york", "NEW YORK"), ("oslo", "OSLO")], ("rome", "ROME")),
        ([("Ada Lovelace", "AL"), ("Bo Li", "BL"), ("Cy Young", "CY")], ("Grace Hopper", "GH")),
    ],
)
def test_two_or_three_examples_say_what_to_do_with_the_next(pairs, new):
    found = solve(Grammar(TEXTS, "text"), "text", pairs, Budget(calls=400_000), lambda: 0.0)
    assert found.ended_by == "found"
    assert TEXTS.attempt(found.term, new[0]) == (True, new[1]), TEXTS.written(found.term)

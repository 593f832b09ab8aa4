"""What primitives do to a block of many is what they do to one value after the other."""

import random

import pytest

from nightschool.items import Noise
from nightschool.society.expressions.grammar import Grammar, sample
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.space import BAD, LIMIT, Space
from nightschool.society.expressions.terms import Term

INPUTS = ([], [3], [0, 1], [5, 2, 5], [7, 1, 4, 9], [2, 2, 0, 16, 3], [-1, 4, 6])


def unpacked(row, kind):
    if kind in ("list", "flags"):
        *items, size = row.tolist()
        return None if size < 0 else [bool(n) if kind == "flags" else n for n in items[:size]]
    return None if int(row) == BAD else bool(row) if kind == "bool" else int(row)


def small(value):
    return all(abs(int(n)) <= LIMIT for n in (value if isinstance(value, list) else [value]))


@pytest.mark.parametrize("kind", ["int", "bool", "list", "flags"])
def test_a_block_holds_what_plain_evaluation_gives(kind):
    space = Space([(given, 0) for given in INPUTS], longest=24)
    given = space.block(list(INPUTS))
    grammar = Grammar(LISTS, "list")
    compared = 0
    for k in range(400):
        term = sample(grammar, kind, iter(random.Random(Noise(("rows", kind, k)).key()).random, None), deep=5)
        rows = LISTS.rows(term, space, given).expand(1, len(INPUTS), *([25] if kind in ("list", "flags") else []))[0]
        for row, one in zip(rows, INPUTS, strict=True):
            value = unpacked(row, kind)
            there, plain = LISTS.attempt(term, one)
            if value is not None:  # a block gives up on long lists and large numbers, and never says anything else
                assert (there, value) == (True, plain), LISTS.written(term)
                compared += 1
            elif there and kind in ("int", "bool") and term.size <= 3:
                assert not small(plain) or any(t.head in ("map", "filter", "range") for t in term)
    assert compared > 1000


@pytest.mark.parametrize(
    ("text", "given", "gives"),
    [
        ("(map (lam (mod (+ $0 2) 4)) x)", [1, 2, 3], [3, 0, 1]),
        ("(filter (lam (prime $0)) x)", [1, 2, 3, 4, 5], [2, 3, 5]),
        ("(tell (lam (gt $0 3)) x)", [1, 4], [False, True]),
        ("(fold mul 1 x)", [2, 3, 4], 24),
        ("(append (tail x) (cons (head x) empty))", [1, 2, 3], [2, 3, 1]),
        ("(index (- (length x) 1) x)", [4, 5, 6], 6),
        ("(reverse (sort x))", [2, 3, 1], [3, 2, 1]),
        ("(range (head x))", [3], [0, 1, 2]),
        ("(if (gt (head x) 2) 1 0)", [3], 1),
        ("(square (head x))", [16], True),
    ],
)
def test_programs_mean_what_they_say(text, given, gives):
    term = LISTS.read(text)
    assert LISTS.written(term) == text
    assert LISTS.attempt(term, given) == (True, gives)


@pytest.mark.parametrize("text", ["(head x)", "(tail x)", "(index 0 x)", "(index (- 0 1) (cons 1 x))", "(mod 1 0)",
                                  "(range (- 0 1))", "(range (* 5 (* 5 (* 5 (* 5 5)))))"])  # fmt: skip
def test_what_has_no_value_says_so(text):
    assert LISTS.attempt(LISTS.read(text), []) == (False, None)
    space = Space([([], 0)])
    block = LISTS.rows(LISTS.read(text), space, space.block([[]]))
    assert int(block.flatten()[-1]) in (BAD, -1)


def test_a_term_knows_its_size_and_parts():
    term = LISTS.read("(map (lam (+ $0 1)) x)")
    assert term.size == 5
    assert [one.head for one in term] == ["map", "+", "v", "1", "x"]
    assert term.args[1] == Term("x")

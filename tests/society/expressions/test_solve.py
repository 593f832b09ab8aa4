import itertools

import pytest
import torch

from nightschool.errors import UsageError
from nightschool.search.budget import Budget
from nightschool.society.expressions.enumerate import Enumerate
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.solve import kind_of, shown_first, solve
from nightschool.society.expressions.space import Space

INPUTS = ([4, 1, 7], [2, 2], [9, 0, 3, 5], [6], [1, 8, 8, 2, 5], [3, 5, 1, 1])
GRAMMAR = Grammar(LISTS, "list")


def examples(text):
    term = LISTS.read(text)
    return [(given, LISTS.plain(term, given)) for given in INPUTS]


def clock():
    return 0.0


@pytest.mark.parametrize("text", [
    "x", "(tail x)", "(map (lam (+ $0 1)) x)", "(filter (lam (gt $0 2)) x)", "(fold add 0 x)", "(reverse (sort x))",
    "(tell (lam (eq $0 1)) x)", "(eq (length x) 1)", "(append x x)", "(cons (length x) x)", "(map (lam (index 0 x)) x)",
])  # fmt: skip
def test_a_program_is_found_that_explains_every_example(text):
    pairs = examples(text)
    found = solve(GRAMMAR, kind_of([wanted for _, wanted in pairs]), pairs, Budget(calls=200_000), clock)
    assert found.ended_by == "found"
    assert LISTS.explains(found.term, pairs)
    assert found.term.size <= LISTS.read(text).size


def test_the_same_search_finds_the_same():
    pairs = examples("(map (lam (* $0 $0)) (tail x))")
    first, second = (solve(GRAMMAR, "list", pairs, Budget(calls=200_000), clock) for _ in range(2))
    assert first == second


def test_a_budget_ends_the_search():
    pairs = [(given, [number, 77, 31]) for number, given in enumerate(INPUTS)]
    found = solve(GRAMMAR, "list", pairs, Budget(calls=20_000), clock)
    assert (found.term, found.ended_by) == (None, "budget")
    ticks = itertools.count()
    found = solve(GRAMMAR, "list", pairs, Budget(seconds=5), lambda: float(next(ticks)))
    assert found.ended_by == "budget"


def test_what_explains_only_some_examples_is_not_the_answer():
    pairs = [([k], 0) for k in range(8)] + [([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], 5)]
    assert pairs[-1] not in shown_first(pairs)
    found = solve(GRAMMAR, "int", pairs, Budget(calls=300_000), clock)
    assert found.term is None or LISTS.explains(found.term, pairs)


def test_every_meaning_is_kept_once():
    space = Space([(given, 0) for given in INPUTS])
    given = space.block(list(INPUTS))
    search = Enumerate(GRAMMAR, "list", space, space.block([[99]] * len(INPUTS)), most=9)
    state = search.start()
    while search.ask(state):
        state = search.step(state, given)
    for bank in state.banks.values():
        if len(bank):
            values = bank.values[: len(bank)].flatten(1)
            assert len(values.unique(dim=0)) == len(bank)
    assert torch.equal(state.banks["list"].values[0], given[0])


@pytest.mark.parametrize(
    ("pairs", "says"),
    [([], "nothing to explain"), ([([1], 1), ([1], 2)], "has two outputs")],
)
def test_examples_that_no_function_has_are_refused(pairs, says):
    with pytest.raises(UsageError, match=says):
        solve(GRAMMAR, "int", pairs, Budget(calls=10), clock)


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1, 2], "int"), ([True], "bool"), ([[], [1]], "list"), ([[True], []], "flags"), (["a"], "text")],
)
def test_values_have_a_kind(values, kind):
    assert kind_of(values) == kind


@pytest.mark.parametrize("values", [[1, True], [[1, "a"]], [1.5], [[]], [None]])
def test_values_of_no_kind_are_refused(values):
    with pytest.raises(UsageError, match="whole numbers, truths, texts"):
        kind_of(values)

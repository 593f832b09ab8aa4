import pytest

from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.invent import abstraction, evidence, expanded, invent, rewritten
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.space import Space

GRAMMAR = Grammar(LISTS, "list")
TAKE = "(map (lam (index $0 #0)) (range #1))"
TEXTS = [
    *(f"(map (lam (index $0 x)) (range {k}))" for k in (2, 3, 4, 5)),
    "(map (lam (index $0 (tail x))) (range 3))",
    "(map (lam (index $0 (reverse x))) (range 2))",
    "(append x (cons 1 empty))",
]


def solutions(texts=TEXTS):
    return [(LISTS.read(text), "list") for text in texts]


def proposing(*bodies):
    waiting = list(bodies)
    return lambda programs, holes: waiting[0] if holes == 2 and any("range" in one for one in programs) else None


def test_what_many_solutions_share_becomes_a_primitive_and_means_the_same():
    learned = invent(GRAMMAR, solutions(), propose=proposing(TAKE))
    assert list(learned.gains) == ["f0"]
    assert learned.gains["f0"] > 0
    language = learned.grammar.language
    assert language.written(learned.solutions[0][0]) == "(f0 x 2)"
    for (new, _), (old, _) in zip(learned.solutions, solutions(), strict=True):
        assert expanded(new, language) == old
        assert language.attempt(new, [7, 8, 9, 4, 5, 6]) == LISTS.attempt(old, [7, 8, 9, 4, 5, 6])
    assert evidence(learned.grammar, learned.solutions) > evidence(GRAMMAR, solutions())


def test_what_costs_more_than_it_explains_is_not_admitted():
    assert invent(GRAMMAR, solutions(TEXTS[:1]), propose=proposing(TAKE)).gains == {}


def test_a_learned_primitive_works_on_blocks():
    made = abstraction(GRAMMAR, "take", TAKE)
    language = LISTS.joined(made)
    space = Space([([5, 6, 7, 8], 0), ([1, 2, 3], 0)])
    given = space.block([[5, 6, 7, 8], [1, 2, 3]])
    block = language.rows(language.read("(take (tail x) 2)"), space, given)
    assert [row[: row[-1]].tolist() for row in block[0]] == [[6, 7], [2, 3]]


def test_kinds_of_holes_are_found():
    made = abstraction(GRAMMAR, "f0", TAKE)
    assert (made.takes, made.gives, made.closed) == (("list", "int"), "list", True)
    inner = abstraction(GRAMMAR, "f0", "(mod (+ #0 #1) #1)")
    assert (inner.takes, inner.gives, inner.closed) == (("int", "int"), "int", False)
    function = abstraction(GRAMMAR, "f0", "(length (filter #0 x))")
    assert (function.takes, function.gives) == (("bool'", "list"), "int")


@pytest.mark.parametrize("text", ["(#0 1)", "(map #0 (range #0))", "#0", "1", "(map (lam (#0 $0)) x)", "(head"])
def test_what_has_no_kinds_is_left_out(text):
    assert abstraction(GRAMMAR, "f0", text) is None


def test_the_variable_of_one_function_never_becomes_that_of_another():
    made = abstraction(GRAMMAR, "f0", "(length (filter (lam (eq $0 #0)) #1))")
    term = LISTS.read("(map (lam (length (filter (lam (eq $0 1)) x))) x)")
    assert LISTS.joined(made).written(rewritten(term, made, LISTS.opens)) == "(map (lam (f0 1 x)) x)"
    caught = LISTS.read("(length (filter (lam (eq $0 (+ $0 1))) x))")
    assert rewritten(caught, made, LISTS.opens) == caught


def test_stitch_finds_what_is_shared():
    pytest.importorskip("stitch_core")
    learned = invent(GRAMMAR, solutions())
    assert learned.gains
    assert all(expanded(new, learned.grammar.language) == old
               for (new, _), (old, _) in zip(learned.solutions, solutions(), strict=True))  # fmt: skip

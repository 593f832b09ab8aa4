import math

import pytest
import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.expressions.grammar import Grammar, expression, sample
from nightschool.society.expressions.language import Language
from nightschool.society.expressions.lists import LISTS
from nightschool.society.infer import Importance, infer
from nightschool.society.potentials import factor
from nightschool.society.program import program

TINY = Language.of("tiny", [LISTS[name] for name in ("1", "+", "head", "tail")])


def test_rules_of_a_kind_share_all_probability():
    grammar = Grammar(LISTS, "list", {"+": 1.0, "head": -2.0})
    for some in grammar.rules.values():
        assert sum(math.exp(grammar.logps[rule.name]) for rule in some) == pytest.approx(1.0)
    assert grammar.logps["+"] - grammar.logps["-"] == pytest.approx(1.0)


def test_a_term_is_as_likely_as_its_rules_together():
    grammar = Grammar(LISTS, "list")
    term = LISTS.read("(map (lam (+ $0 1)) x)")
    names = ["map", "+'", "v'", "1'", "x"]
    assert [rule.name for rule in grammar.used(term, "list")] == names
    assert grammar.logp(term, "list") == pytest.approx(sum(grammar.logps[name] for name in names))


def test_fitting_prefers_what_was_used_and_rules_nothing_out():
    term = LISTS.read("(map (lam (+ $0 1)) x)")
    grammar = Grammar(LISTS, "list").fitted([(term, "list")] * 50)
    assert grammar.logp(term, "list") > Grammar(LISTS, "list").logp(term, "list") + 5
    assert all(logp > -10 for logp in grammar.logps.values())
    mixed = Grammar(LISTS, "list").mixed({"map": 100.0}, share=0.1)
    assert math.exp(mixed.logps["sort"]) >= 0.099 / len(mixed.rules["list"])


def test_a_kind_that_nothing_gives_is_refused():
    with pytest.raises(UsageError, match="gives a text"):
        sample(Grammar(LISTS, "list"), "text", [0.5] * 9)
    with pytest.raises(UsageError, match="head does not give a list"):
        Grammar(LISTS, "list").logp(LISTS.read("(head x)"), "list")


def test_the_program_of_expressions_weighs_as_the_grammar_does():
    grammar = Grammar(TINY, "list", {"+": -1.0})
    run = infer(expression(grammar, "int", deep=3), {}, Noise(("grow",)), Importance(200)).trace
    for i in range(0, 200, 17):
        term = run.value[i]
        full = all(len(grammar.rules[rule.gives]) == len(grammar.choices(rule.gives, deep)[0])
                   for rule, deep in zip(grammar.used(term, "int"), _levels(term), strict=True))  # fmt: skip
        if full:  # at the last level fewer rules share the probability
            assert float(run.logp[i]) == pytest.approx(grammar.logp(term, "int"))


def _levels(term, left=3):
    return [left, *(one for arg in term.args for one in _levels(arg, left - 1))]


def test_the_evidence_of_examples_is_that_of_enumeration():
    grammar = Grammar(TINY, "list")
    examples = (([3, 1], 6), ([4], 8))

    @program
    def explained():
        terms = yield "term", expression(grammar, "int", deep=3)
        yield "fits", factor(torch.tensor([0.0 if TINY.explains(term, examples) else -math.inf for term in terms]))
        return terms

    runs = infer(explained(), {}, Noise(("evidence",)), Importance(4000))
    exact = 0.0
    for left in _all(grammar, "int", 3):
        term, logp = left
        if TINY.explains(term, examples):
            exact += math.exp(logp)
    assert exact > 0
    assert runs.log_z == pytest.approx(math.log(exact), abs=0.35)


def _all(grammar, kind, deep):
    """Return every expression of `kind` of at most `deep` levels with its log-probability."""
    rules, logits = grammar.choices(kind, deep)
    found = []
    for rule, logp in zip(rules, logits.log_softmax(0).tolist(), strict=True):
        partial = [((), logp)]
        for taken in rule.takes:
            partial = [
                ((*args, arg), so_far + more)
                for args, so_far in partial
                for arg, more in _all(grammar, taken, deep - 1)
            ]
        found += [(type(TINY.read("x"))(rule.primitive.name, args), so_far) for args, so_far in partial]
    return found

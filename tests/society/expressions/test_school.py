import pytest
import torch

from nightschool.errors import BadFile
from nightschool.items import Noise
from nightschool.search.budget import Budget
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.keep import grammar_from, pack, told, unpack
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.properties import NAMES, seen
from nightschool.society.expressions.recogniser import Recogniser, dreams, trained
from nightschool.society.expressions.school import Mindful, Problem, sleep, wake

BASE = Grammar(LISTS, "list")
INPUTS = [[4, 1, 7, 2, 9], [2, 2, 8, 1, 0], [9, 0, 3, 5, 3], [6, 1, 1, 4, 2, 7], [1, 8, 8, 2, 5], [3, 5, 1, 1, 6]]


def problem(text):
    term = LISTS.read(text)
    return Problem(text, tuple((given, LISTS.plain(term, given)) for given in INPUTS))


def test_properties_are_shares_and_always_the_same_ones():
    looks = seen([([1, 2], [1, 2]), ([3], [4])])
    assert looks.shape == (2 * len(NAMES),)
    assert bool(((looks >= 0) & (looks <= 1)).all())
    assert float(looks[NAMES.index("the same")]) == 0.5
    for examples in ([("ab", "ba")], [(3, True)], [([], [])], [([1], 5)], [([1], [True])]):
        assert seen(examples).shape == looks.shape


def test_dreams_are_programs_with_what_they_do():
    dreamt = dreams(BASE, ["list", "int"], INPUTS, Noise(("dream",)), 100, tried=3000)
    assert len(dreamt) == 100
    for dream in dreamt:
        assert LISTS.explains(dream.term, dream.examples)
        assert len(dream.examples) == 8
        assert any(wanted != dream.examples[0][1] for _, wanted in dream.examples)
    assert dreamt == dreams(BASE, ["list", "int"], INPUTS, Noise(("dream",)), 100, tried=3000)


def test_a_recogniser_proposes_what_the_examples_show():
    dreamt = dreams(BASE, ["list", "int"], INPUTS, Noise(("dream",)), 400, tried=5000)
    dreamt, others = dreamt[::2], dreamt[1::2]
    taught = trained(BASE, dreamt, Noise(("teach",)), passes=8)

    def surprise(logps, dream):
        return -sum(logps[rule.name] for rule in BASE.used(dream.term, dream.kind))

    before = sum(surprise(BASE.logps, one) for one in others) / len(others)
    after = sum(surprise(taught.weights(one.examples), one) for one in others) / len(others)
    assert after < before - 0.5  # nats a dream, of dreams that it was not taught
    weights = taught.weights(others[0].examples)
    for kind, some in BASE.rules.items():
        total = sum(torch.tensor(weights[rule.name]).exp() for rule in some)
        assert float(total) == pytest.approx(1.0, abs=1e-4), kind
    assert trained(BASE, dreamt, Noise(("teach",)), passes=8).weights(others[0].examples) == weights


def test_an_untrained_recogniser_says_what_the_grammar_says():
    grammar = BASE.fitted([(LISTS.read("(sort x)"), "list")] * 9)
    weights = Recogniser(grammar).weights(problem("(tail x)").examples)
    assert weights == pytest.approx(dict(grammar.logps), abs=1e-5)


def test_a_day_and_a_night_make_the_next_day_shorter():
    problems = [problem(f"(map (lam (index $0 x)) (range {k}))") for k in (2, 3, 4)]
    day = wake(Mindful(BASE), problems, {}, Budget(calls=60_000), lambda: 0.0)
    assert set(day) == {one.name for one in problems}
    night = sleep(BASE, problems, day, Noise(("night",)), many=300)
    mind = Mindful(night.invented.grammar, night.recogniser)
    new = problem("(map (lam (index $0 x)) (range 5))")
    before = Mindful(BASE).solve(new, Budget(calls=200_000), lambda: 0.0)
    after = mind.solve(new, Budget(calls=200_000), lambda: 0.0)
    assert after.ended_by == "found"
    assert after.tried < before.tried / 2


def test_inputs_of_another_kind_are_searched_without_the_recogniser():
    mind = Mindful(BASE, Recogniser(BASE))
    numbers = Problem("up to", tuple((k, list(range(k))) for k in range(1, 5)))
    found = mind.solve(numbers, Budget(calls=5000), lambda: 0.0)
    assert LISTS.written(found.term) == "(range x)"


def test_what_was_learned_comes_back_as_it_was():
    problems = [problem(f"(map (lam (index $0 x)) (range {k}))") for k in (2, 3, 4, 5)]
    solved = {one.name: LISTS.read(one.name) for one in problems}
    night = sleep(BASE, problems, solved, Noise(("night",)), many=60)
    again = grammar_from(told(night.invented.grammar), LISTS)
    assert again.logps == night.invented.grammar.logps
    back = unpack(pack(night.recogniser), again)
    assert back.weights(problems[0].examples) == night.recogniser.weights(problems[0].examples)
    with pytest.raises(BadFile, match="no recogniser"):
        unpack(b"nothing", again)
    if night.invented.gains:
        with pytest.raises(BadFile, match="another grammar"):
            unpack(pack(night.recogniser), BASE)
    with pytest.raises(BadFile, match="language"):
        grammar_from({"language": "other"}, LISTS)

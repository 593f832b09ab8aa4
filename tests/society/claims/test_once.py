"""Agreeing is no evidence: any number of voices that say the same explain as one does."""

import math

import pytest
import torch

from nightschool.society.claims.claims import Claim, Concept, active
from nightschool.society.claims.once import once
from nightschool.society.claims.society import Society
from nightschool.society.graphs.eliminate import eliminate
from nightschool.society.port import Port

COLOUR = Port("colour", "level", tuple("abcdefgh"))
SEEN_A = torch.full((8,), 0.1 / 8, dtype=torch.float64).index_add(0, torch.tensor([0]), torch.tensor([0.9]).double())


def voices(**values):
    """Return a society of even odds whose members each claim one of these letters."""
    members = []
    for name, letters in values.items():
        belief = torch.zeros(8, dtype=torch.float64)
        belief[[COLOUR.levels.index(letter) for letter in letters]] = 1 / len(letters)
        members.append(Concept(name, (Claim(name, "colour", belief, 0.97),), 0.5))
    return Society.of([COLOUR], members)


def chances(society, evidence=None):
    claims = {name: member.consult({}) for name, member in society.members.items()}
    beliefs = society.fight(claims, evidence or {})
    assert beliefs.converged
    return {name: float(beliefs.marginals[active(name)][1]) for name in claims}, beliefs, claims


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 10, 11, 20])
def test_saying_the_same_neither_wins_nor_costs(k):
    society = voices(**{f"m{i}": "a" for i in range(k)})
    sure, _, _ = chances(society)
    assert list(sure.values()) == pytest.approx([0.5] * k, abs=1e-9 if k <= 10 else 0.005)
    seen, _, _ = chances(society, {"colour": SEEN_A.log()})
    assert min(seen.values()) > min(sure.values())


def test_one_of_many_explains_what_is_seen():
    """By hand: each set of voices but none says a with .97 + .03/8 or more, and is so much likelier than silence."""
    society = voices(m0="a", m1="a", m2="a")
    seen, beliefs, claims = chances(society, {"colour": SEEN_A.log()})
    said = torch.full((8,), 0.03 / 8, dtype=torch.float64)
    said[0] += 0.97
    weights = [1 / 8] + [float((SEEN_A * said**k).sum() / (said**k).sum()) for k in (1, 2, 3)]
    with_it = weights[1] + 2 * weights[2] + weights[3]
    assert seen["m0"] == pytest.approx(with_it / (weights[0] + 3 * weights[1] + 3 * weights[2] + weights[3]))
    exact = eliminate(society.graph(claims, {"colour": SEEN_A.log()}))
    assert beliefs.marginals["colour"].tolist() == pytest.approx(exact.marginals["colour"].tolist())


def test_a_dispute_weighs_the_same_however_many_take_a_side():
    def disputing(society, *names):
        claims = {name: society.members[name].consult({}) for name in society.members}
        graph = society.graph(claims, {})
        states = {active(name): int(name in names) for name in claims}
        return math.log(sum(math.exp(graph.score({**states, "colour": v})) for v in range(8))) - math.log(8)

    two, many = voices(a="a", b="b"), voices(a="a", b="b", again="a", either="ab")
    worst = disputing(two, "a", "b") - disputing(two)
    assert worst < -1
    for others in ((), ("again",), ("either",), ("again", "either")):
        assert disputing(many, "a", "b", *others) - disputing(many) == pytest.approx(worst)
    assert disputing(many, "a", "again", "either") == pytest.approx(disputing(many))


def test_claims_on_who_is_not_there_cost_nothing():
    on = [Concept(name, (Claim(name, active("gone"), torch.tensor([0.0, 1.0]), 0.9),), 0.5) for name in "ab"]
    sure, _, _ = chances(Society.of([COLOUR], on))
    assert list(sure.values()) == pytest.approx([0.5, 0.5])


def test_members_that_say_unlike_things_keep_factors_of_their_own():
    claims = [claim for member in voices(a="a", b="b", c="a").members.values() for claim in member.claims]
    factors, more = once("colour", claims)
    assert [factor.over for factor in factors] == [
        (active("a"), active("c"), "colour"), (active("b"), "colour"),
    ]  # fmt: skip
    assert more == {}


def test_certain_claims_are_weighed_too():
    sure = [Claim(name, "colour", torch.eye(8)[i], 1.0) for name, i in (("a", 0), ("b", 0), ("c", 1))]
    for factor in once("colour", sure)[0]:
        assert not bool(torch.isnan(factor.table).any())

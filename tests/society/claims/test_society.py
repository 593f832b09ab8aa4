import math

import pytest
import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society.claims.claims import Claim, Concept, active
from nightschool.society.claims.society import Society
from nightschool.society.graphs.propagate import propagate
from nightschool.society.port import Port
from nightschool.society.words.beginning import PORTS, WORDS
from nightschool.society.words.scenes import clash
from support.society import everyone, known_words

SOCIETY = everyone()


def test_the_purple_jar():
    """Purple and jar compose: together they say what a purple jar is like, and neither objects."""
    assert SOCIETY.conflicts(["purple", "jar"]) == []
    claims = {name: SOCIETY.members[name].consult({}) for name in ("purple", "jar")}
    held = SOCIETY.graph(claims, {}).holding({active("purple"): 1, active("jar"): 1})
    best = propagate(held).best()
    assert {port: best[port] for port in ("colour", "shape", "material")} == {**WORDS["purple"], **WORDS["jar"]}


def test_stationary_dancing_is_a_contradiction_that_names_both():
    worst = SOCIETY.conflicts(["jar", "stationary", "purple", "dancing"])[0]
    assert {worst.first, worst.second} == {"stationary", "dancing"}
    assert worst.port in ("motion", "sound")
    assert worst.nats < -1
    assert "contradict each other" in str(worst)


def test_pairs_are_judged_as_they_are():
    words = sorted(WORDS)
    for i, first in enumerate(words):
        for second in words[i + 1 :]:
            assert bool(SOCIETY.conflicts([first, second])) == clash(first, second), (first, second)


def test_a_contradiction_also_shows_through_what_follows():
    """A statue is stationary; stationary is still: so a dancing statue is a contradiction."""
    follows = Claim("statue", active("stationary"), torch.tensor([0.0, 1.0]), 0.95)
    society = SOCIETY.joined(Concept("statue", (follows,)))
    assert society.conflicts(["statue", "dancing"])[0].nats < -1
    assert society.conflicts(["statue", "quiet"]) == []


def test_those_that_contradict_do_not_both_win():
    claims = {name: SOCIETY.members[name].consult({}) for name in ("stationary", "dancing", "spinning")}
    still = torch.tensor([0.9, 0.05, 0.025, 0.025]).log()
    beliefs = SOCIETY.fight(claims, {"motion": still})
    assert beliefs.converged
    sure = {name: float(beliefs.marginals[active(name)][1]) for name in claims}
    assert sure["stationary"] > 0.1 > 0.02 > max(sure["dancing"], sure["spinning"])


def test_members_join_and_leave_and_names_are_kept_apart():
    concept = Concept("vase", ())
    assert "vase" in SOCIETY.joined(concept).members
    assert "vase" not in SOCIETY.joined(concept).left("vase").members
    with pytest.raises(UsageError, match="a member called 'jar' already"):
        SOCIETY.joined(Concept("jar", ()))
    with pytest.raises(UnknownName, match="no member called 'vase'"):
        SOCIETY.left("vase")


def test_a_port_has_one_type():
    with pytest.raises(UsageError, match=r"the port 'colour' has two types: level .* and number"):
        Society.of([*PORTS, Port("colour", "number")])


def test_unknown_ports_are_named():
    society = Society.of(PORTS, [Concept("odd", (Claim("odd", "smell", torch.tensor([0.5, 0.5])),))])
    with pytest.raises(UnknownName, match=r"no port called 'smell'.*in a claim of odd"):
        society.fight({"odd": society.members["odd"].consult({})}, {})
    with pytest.raises(UnknownName, match="no port called 'smell'"):
        society.fight({}, {"smell": torch.zeros(2)})


def test_claims_about_each_other_carry_belief():
    def on(name, other, p):
        return Claim(name, active(other), torch.tensor([1 - p, p]), 0.9)

    society = Society.of(
        PORTS, [Concept("a", (on("a", "b", 1.0),), 0.5), Concept("b", (), 0.1), Concept("c", (on("c", "b", 0.0),), 0.5)]
    )
    b = {
        who: float(society.fight({n: society.members[n].consult({}) for n in who}, {}).marginals[active("b")][1])
        for who in (("b",), ("a", "b"), ("b", "c"))
    }  # fmt: skip
    assert b["b", "c"] < b["b",] < b["a", "b"]
    assert b["b",] == pytest.approx(0.1)
    exact = 0.1 * (0.5 + 0.5 * 1.9) / (0.1 * (0.5 + 0.5 * 1.9) + 0.9 * (0.5 + 0.5 * 0.1))
    assert b["a", "b"] == pytest.approx(exact)
    assert known_words() == sorted(WORDS)
    assert not math.isnan(sum(b.values()))

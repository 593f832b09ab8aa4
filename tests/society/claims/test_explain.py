from dataclasses import dataclass
from typing import Any

import pytest
import torch

from nightschool.errors import ModelError
from nightschool.items import Noise
from nightschool.search.budget import Budget
from nightschool.society.claims.claims import Claim, Concept, active
from nightschool.society.claims.explain import Explain, Index, explain
from nightschool.society.claims.society import Society
from nightschool.society.infer import Importance, infer
from nightschool.society.kept import replay
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.program import program
from nightschool.society.words.beginning import PORTS
from nightschool.society.words.fight import explained
from nightschool.society.words.scenes import scene
from nightschool.worlds.dice import Dice
from support.society import concept, everyone


class Asked:
    """A member that counts how often it is asked."""

    def __init__(self, inner, counts, fails=False):
        self.inner, self.counts, self.fails = inner, counts, fails
        self.name, self.prior = inner.name, inner.prior

    def consult(self, evidence):
        if evidence:
            self.counts[self.name] = self.counts.get(self.name, 0) + 1
            if self.fails:
                raise ModelError(f"{self.name} is not well")
        return self.inner.consult(evidence)


def crowd(counts, n=1000, fails=()):
    """Return a society of n members: the words, and others that each stand for a rare mixture of values."""
    members = [Asked(member, counts, name in fails) for name, member in everyone().members.items()]
    for k in range(n - len(members)):
        dice = Dice(Noise(("thing", k)))
        values = {port.name: dice.below(port.size) for port in dice.shuffled(PORTS)[:4]}
        members.append(Asked(concept(f"thing{k}", values), counts))
    return Society.of(PORTS, members)


def test_few_of_a_thousand_are_asked_and_the_right_ones_win():
    counts = {}
    society = crowd(counts)
    search = Explain(society, Index.of(society), wide=25)
    found = 0
    for k in range(1):
        counts.clear()
        state = explain(search, scene(("purple", "jar"), Noise(("crowd", k)), keeps=1.0, sees=0.999).evidence)
        assert 0 < sum(counts.values()) == len(state.consulted) <= 50
        assert state.beliefs.converged
        names = [name for name, _ in search.best(state)]
        found += {"jar"} <= set(names[:8])
    assert found == 1


def test_the_words_of_a_scene_win():
    society = everyone()
    search = Explain(society, Index.of(society), most=1.0)
    state = explain(search, scene(("purple", "jar", "dancing"), Noise(("words",)), keeps=1.0, sees=0.999).evidence)
    best = [name for name, sure in search.best(state) if sure > 0.2]
    assert {"purple", "jar", "dancing"} <= set(best)


def test_the_search_is_anytime_and_keeps_its_budget():
    society = everyone()
    search = Explain(society, Index.of(society), wide=2, most=1.0)
    evidence = scene(("purple", "jar"), Noise(("budget",))).evidence
    assert search.best(search.start(evidence)) == []
    state = explain(search, evidence, Budget(calls=3))
    assert len(state.consulted) == 3
    assert search.best(state)


def test_whoever_fails_is_dropped_and_named():
    counts = {}
    society = crowd(counts, 40, fails=("jar",))
    search = Explain(society, Index.of(society), most=1.0)
    state = explain(search, scene(("purple", "jar"), Noise(("fails",)), keeps=1.0, sees=0.999).evidence)
    assert state.dropped == {"jar": "jar is not well"}
    assert "jar" not in state.claims


def yellow():
    """Return what an eye says that sees the fourth colour."""
    sight = torch.full((PORTS[0].size,), -9.0, dtype=torch.float64)
    sight[3] = 0.0
    return sight


@pytest.mark.parametrize("early", [True, False], ids=["indexed", "consulted"])
def test_a_stranger_may_raise_anything_or_claim_what_it_cannot(early):
    @dataclass(frozen=True)
    class Strange:
        name: str
        does: Any
        prior: float = 0.05

        def consult(self, evidence):
            if evidence or early:
                return self.does()
            return (Claim(self.name, "colour", torch.eye(PORTS[0].size)[3], 0.9),)

    strangers = [
        Strange("empty", lambda: [][0]),
        Strange("none", lambda: None),
        Strange("short", lambda: (Claim("short", "colour", torch.ones(1)),)),
        Strange("smelly", lambda: (Claim("smelly", "smell", torch.ones(1)),)),
    ]
    society = everyone().joined(*strangers)
    fought = explained(society, {"colour": yellow()})
    assert fought.dropped.keys() == {"empty", "none", "short", "smelly"}
    assert fought.dropped["empty"] == "IndexError: list index out of range"
    assert fought.dropped["short"] == "it claims 1 values on colour, which has 8"
    assert fought.dropped["smelly"] == "it claims something on smell, which is no port"
    assert "yellow" in {one.name for one in fought.members}


def test_who_fails_as_conflicts_are_looked_for_is_dropped_too():
    counts = {}
    follows = Claim("statue", active("jar"), torch.tensor([0.0, 1.0]), 0.95)
    seen = Claim("statue", "colour", torch.eye(PORTS[0].size)[3], 0.95)
    members = [Asked(member, counts, name == "jar") for name, member in everyone().members.items()]
    statue = Asked(Concept("statue", (follows, seen), 0.3), counts)
    fought = explained(Society.of(PORTS, [*members, statue]), {"colour": yellow()})
    assert fought.dropped == {"jar": "jar is not well"}
    assert counts["statue"] == 1


@dataclass(frozen=True)
class Thinks:
    """A member whose claim on a colour is what its own generative model comes to."""

    name: str
    model: Any
    prior: float = 0.05

    def consult(self, evidence):
        if not evidence:  # what the index knows it for
            return (Claim(self.name, "colour", torch.eye(PORTS[0].size)[3], 0.9),)
        trace = replay(self.model.simulate((), Lanes.of(Noise((self.name,)), 5)))
        chance = float(infer(self.model(), {"seen": 1.0}, Noise((self.name,)), Importance(50)).expect("yes"))
        return (Claim(self.name, "colour", torch.eye(PORTS[0].size)[int(chance > 0.5)], 0.9),) * (len(trace) > 0)


@program
def sound():
    yes = yield "yes", bernoulli(0.5)
    yield "seen", normal(yes.double(), 0.5)
    return yes


@program
def dazed():
    yes = yield "yes", bernoulli(0.5)
    yield "seen", normal(torch.where(yes, float("nan"), 0.0), 0.5)
    return yes


SECRET = iter(range(1000))


@program
def secretive():
    yes = yield "yes", bernoulli(0.5)
    yield "seen", normal(yes.double() + next(SECRET), 0.5)
    return yes


def test_not_a_number_and_traces_that_cannot_be_replayed_cost_the_member_its_place():
    assert PORTS[0].name == "colour"
    members = [Thinks("fine", sound), Thinks("ill", dazed), Thinks("sly", secretive)]
    society = everyone().joined(*members)
    search = Explain(society, Index.of(society), most=1.0)
    state = explain(search, {"colour": yellow()})
    assert set(state.dropped) == {"ill", "sly"}
    assert "the log-probability of normal is NaN" in state.dropped["ill"]
    assert "a trace of secretive cannot be replayed" in state.dropped["sly"]
    assert {"fine", "ill", "sly"} <= set(state.consulted)
    assert not {"ill", "sly"} & set(state.claims)


def test_members_come_and_go_between_searches():
    society = everyone().left("jar")
    search = Explain(society, Index.of(society), most=1.0)
    state = explain(search, scene(("purple", "jar"), Noise(("gone",))).evidence)
    assert "jar" not in state.consulted
    with pytest.raises(KeyError):
        search.society.members["jar"]

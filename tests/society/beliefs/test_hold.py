import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.errors import NotANumber, UnknownName, UsageError
from nightschool.society.beliefs.hold import broken, claimed, hold
from nightschool.society.beliefs.links import Link
from nightschool.society.beliefs.propositions import Proposition

NAMES = ("a", "b", "c", "d", "e")
PROPS = [Proposition(name, f"It is {name}.") for name in NAMES]
TREE = [Link("implies", ("a", "b"), 0.95), Link("one", ("b", "c", "d")), Link("same", ("d", "e"), 0.9)]
RING = [Link("implies", (x, y), 0.9) for x, y in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)]


def exact(odds, links):
    """Return the marginals by listing all worlds."""
    weights = {}
    for world in range(2 ** len(NAMES)):
        values = {name: bool(world >> i & 1) for i, name in enumerate(NAMES)}
        logw = sum(-math.log1p(math.exp(-o if values[name] else o)) for name, o in zip(NAMES, odds, strict=True))
        for link in links:
            logw += math.log(link.sure if link.keeps([values[name] for name in link.over]) else 1 - link.sure)
        weights[world] = math.exp(logw)
    total = sum(weights.values())
    return [sum(w for world, w in weights.items() if world >> i & 1) / total for i in range(len(NAMES))]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-6, 6), min_size=5, max_size=5))
def test_beliefs_are_exact_where_links_form_no_circle(odds):
    held = hold(PROPS, torch.tensor(odds, dtype=torch.float64), TREE)
    assert held.converged
    assert list(held.after.values()) == pytest.approx(exact(odds, TREE), abs=1e-6)


def test_circles_are_exact_too_where_they_are_small():
    odds = [1.5, -0.5, 0.2, -1.0, 0.8]
    held = hold(PROPS, torch.tensor(odds, dtype=torch.float64), RING)
    assert held.converged
    assert list(held.after.values()) == pytest.approx(exact(odds, RING), abs=1e-6)


def test_where_everything_hangs_together_messages_must_settle():
    """Thirty that are all tied to each other: too large a table, and an answer all the same."""
    props = [Proposition(str(i), f"{i}.") for i in range(30)]
    links = [Link("same", (str(i), str(j)), 0.6) for i in range(30) for j in range(i)]
    held = hold(props, torch.full((30,), 0.3), links)
    assert held.converged
    assert min(held.after.values()) > 0.6


def test_logic_mends_what_evidence_leaves_torn():
    """It says yes to b, c and d, of which one can hold, and no to what b follows from."""
    odds = torch.tensor([3.0, 2.0, 0.5, 0.4, -2.0])
    held = hold(PROPS, odds, TREE)
    assert [str(link) for link in broken(held.before, held.links)] == ["one of b, c, d", "same of d, e"]
    assert held.broken() == []
    assert held.claims(0.8) == {"a": True, "b": True, "c": False, "d": False, "e": False}


def test_without_links_nothing_changes():
    held = hold(PROPS, torch.tensor([1.0, -1.0, 0.0, 5.0, -70.0]), [])
    assert held.after == pytest.approx(held.before)


def test_links_that_cannot_all_hold_give_a_verdict_all_the_same():
    links = [Link("same", ("a", "b")), Link("one", ("a", "b")), Link("some", ("a", "b"))]
    held = hold(PROPS[:2], torch.tensor([2.0, 1.0]), links)
    assert all(math.isfinite(p) for p in held.after.values())


def test_silence_between_the_sure():
    assert claimed({"a": 0.95, "b": 0.5, "c": 0.02}, 0.9) == {"a": True, "c": False}
    with pytest.raises(UsageError, match="claims are made from"):
        claimed({}, 0.2)


def test_bad_input_is_named():
    with pytest.raises(UnknownName, match="in the link"):
        hold(PROPS, torch.zeros(5), [Link("same", ("a", "z"))])
    with pytest.raises(NotANumber, match="'b' is NaN"):
        hold(PROPS[:2], torch.tensor([0.0, math.nan]), [])
    with pytest.raises(UsageError, match="two propositions called 'a'"):
        hold([PROPS[0], Proposition("a", "Another.")], torch.zeros(2), [])
    with pytest.raises(UsageError, match="give one for each"):
        hold(PROPS, torch.zeros(4), [])

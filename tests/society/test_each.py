import pytest
import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, categorical, exponential, normal
from support.small_models import sprinkler


def lanes(n=40, *words):
    return Lanes.of(Noise(("each", *words)), n)


@each
def branching(start):
    way = yield "way", categorical(torch.zeros(3, dtype=torch.float64))
    if way == 0:
        return (yield "x", normal(start, 1.0))
    if way == 1:
        y = yield "y", exponential(2.0)
        x = yield "x", normal(y, 1.0)
        return x + y
    return float((yield "weather", sprinkler()))


@each
def flips():
    """Flip until tails: a choice for each flip, as many as it takes."""
    count = 0
    while (yield f"flip{count}", bernoulli(0.5)):
        count += 1
    return count


START = torch.arange(40, dtype=torch.float64)


def test_runs_go_their_own_ways():
    trace = branching.simulate((START,), lanes())
    for way, addresses in ((0, {"x"}), (1, {"x", "y"}), (2, {"weather"})):
        rows = set((trace["way"] == way).nonzero()[:, 0].tolist())
        assert rows
        for address in ("x", "y", "weather"):
            here = set(trace.part(address).rows.tolist())
            assert (rows <= here) if address in addresses else not rows & here


def test_company_changes_nothing():
    many, few = branching.simulate((START,), lanes()), branching.simulate((START[:9],), lanes(9))
    assert torch.equal(many.value[:9], few.value)
    assert torch.equal(many.logp[:9], few.logp)


def test_calls_that_agree_are_made_together():
    called = []

    class Counted:
        name, ports, primitive = "counted", {}, True

        def __call__(self, *args):
            return normal(*args).__class__(self, args)

        def simulate(self, args, lanes):
            called.append(len(lanes))
            return normal.simulate(args, lanes)

    counted = Counted()

    @each
    def asks(rounds):
        for i in range(rounds):
            yield f"x{i}", counted(0.0, 1.0)

    asks.simulate((3,), lanes(25))
    assert called == [25, 25, 25]


def test_loops_of_any_length_have_the_right_law():
    trace = flips.simulate((), lanes(3000))
    share = torch.bincount(trace.value, minlength=4)[:4] / 3000
    assert share.tolist() == pytest.approx([0.5, 0.25, 0.125, 0.0625], abs=0.03)
    assert trace.logp.exp().tolist() == pytest.approx((0.5 ** (trace.value + 1)).tolist())


def test_taking_runs_takes_their_parts():
    trace = branching.simulate((START,), lanes())
    rows = torch.tensor([5, 5, 0, 33])
    taken = trace.take(rows)
    assert torch.equal(taken.value, trace.value[rows])
    total = torch.zeros(4, dtype=torch.float64)
    for part in taken.parts.values():
        total = total.index_add(0, torch.arange(4) if part.rows is None else part.rows, part.logp)
    assert total.tolist() == pytest.approx(taken.logp.tolist())


def test_updates_that_change_the_way_weigh_what_came_and_went():
    before = branching.simulate((START,), lanes())
    after, logw = branching.update(before, {"way": 1}, lanes(40, "again"))
    assert bool((after["way"] == 1).all())
    stayed = before["way"] == 1
    assert torch.equal(after.value[stayed], before.value[stayed])
    assert logw[stayed].tolist() == [0.0] * int(stayed.sum())
    gone = before["way"] == 2  # the weather would be drawn again on the way back; y and x are drawn: none weighs
    assert logw[gone].tolist() == pytest.approx([0.0] * int(gone.sum()))
    kept = before["way"] == 0  # x is kept and weighed under another mean
    old, new = before.part("x"), after.part("x")
    here = torch.isin(old.rows, kept.nonzero()[:, 0])
    assert logw[kept].tolist() == pytest.approx((new.logp[kept] - old.logp[here]).tolist())


def test_evidence_that_is_gone_is_taken_off():
    before, _ = branching.generate((START,), {"way": 2, "weather/wet": True}, lanes())
    _, logw = branching.update(before, {"way": 0}, lanes(40, "again"))
    assert logw.tolist() == pytest.approx((-before.part("weather/wet").logp).tolist())


def test_what_is_only_shorter_weighs_nothing():
    @each
    def some(steps):
        for i in range(steps):
            yield f"x{i}", normal(0.0, 0.1)

    trace = some.simulate((3,), lanes())
    shorter, logw = some.update(trace, {}, lanes(), (2,))
    assert shorter.addresses() == ("x0", "x1")
    assert logw.abs().max() < 1e-12
    _, logw = some.update(trace, {"x2": 5.0}, lanes(), (2,))
    assert logw.abs().max() < 1e-12


def test_one_address_has_one_model():
    @each
    def torn():
        heads = yield "heads", bernoulli(0.5)
        yield "x", (normal(0.0, 1.0) if heads else exponential(1.0))

    with pytest.raises(UsageError, match="torn calls two models at 'x'"):
        torn.simulate((), lanes())

from nightschool.sleep.gate.decide import WatchedTask, decide
from nightschool.sleep.gate.shrink import shrink

BEFORE, AFTER = [False] * 100, [True] * 60 + [False] * 40
WATCHED = [True] * 180 + [False] * 120


def lossy(share):
    """Return the gate's decision where every sixteenth of the change loses one watched item."""
    worse = [ok and i >= 16 * share for i, ok in enumerate(WATCHED)]
    return decide(BEFORE, AFTER, [WatchedTask("arithmetic", WATCHED, worse)])


def test_all_of_the_change_is_kept_where_nothing_is_lost():
    tried = shrink(lambda share: decide(BEFORE, AFTER, [WatchedTask("arithmetic", WATCHED, WATCHED)]))
    assert (tried.shares, tried.share) == ((1.0,), 1.0)


def test_the_largest_part_that_loses_nothing_is_kept_and_the_reason_says_so():
    tried = shrink(lossy)
    assert tried.share == 0.25
    assert len(tried.decisions) == 4
    assert tried.decision is tried.decisions[-1]
    assert tried.reason.startswith("25% of the change is kept: what was practised is better")
    assert "arithmetic 60.0% to 54.7% of 300 (p = 1.5e-05)" in tried.reason


def test_a_change_that_helps_nothing_is_not_tried_in_parts():
    tried = shrink(lambda share: decide(AFTER, AFTER, [WatchedTask("arithmetic", WATCHED, [False] * 300)]))
    assert (tried.shares, tried.share) == ((1.0,), None)
    assert "did not get better" in tried.reason


def test_what_could_not_be_looked_at_is_not_tried_in_parts():
    tried = shrink(lambda share: decide(BEFORE, AFTER, unseen=["arithmetic"]))
    assert (tried.shares, tried.share) == ((1.0,), None)


def test_where_no_part_passes_the_first_reason_stands():
    tried = shrink(lambda share: lossy(1.0))
    assert tried.share is None
    assert len(tried.shares) == 4
    assert tried.decision is tried.decisions[0]
    assert tried.reason.endswith("the night is rolled back")

import pytest

from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.sleep.rest import rest


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "memories.sqlite") as made:
        yield made


def test_a_long_conversation_is_summed_up_once(store):
    for turn in range(14):
        keep(store, Memory(f"The harbour of Oslo has {turn + 3} cranes.", float(turn), session="a", turn=turn))
    keep(store, Memory("A short one.", 50.0, session="b", turn=0))
    assert rest(store, 100.0).summed == 1
    assert sum(memory.source == "summary" for memory in store.each()) == 1
    assert rest(store, 200.0).summed == 0


def test_what_reward_is_expected_of_fades_more_slowly(store):
    good, dull = keep(store, Memory("Seeds were sown.", 1.0)), keep(store, Memory("A chair stood there.", 2.0))
    found = rest(store, 100.0, {good.id: 0.9, dull.id: 0.1})
    assert (found.foretold, found.held) == (2, 1)
    after = store.get([good.id, dull.id])
    assert after[good.id].strength.stability > good.strength.stability
    assert after[dull.id].strength == dull.strength
    assert rest(store, 100.0, {good.id: 0.9}).held == 0


def test_nothing_to_put_in_order(store):
    assert str(rest(store, 1.0)) == "0 memories tagged, 0 conversations summed up"

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nightschool.remember.memory import Memory, Salience, Strength
from nightschool.sleep.evening.select import Candidate, choose, sift, urge
from nightschool.sleep.lessons.study import study

DAY = 86_400.0
HOME = Memory("Ada Molbane lives in Vekburg.", 0.0)
JOB = Memory("Ada Molbane works as a baker.", 1.0)
PET = Memory("Ada Molbane has a dog called Kehos.", 2.0)


def sifted(*memories):
    return sift([(memory, study(memory)) for memory in memories])


def chosen(selection):
    return [each.memory for each in selection.chosen]


def test_what_cannot_be_learned_is_left_with_a_reason():
    old = replace(HOME, superseded_by="newer")
    own = replace(JOB, source="assistant")
    question = Memory("Where is Ada?", 0.0)
    found = sifted(old, own, question, PET)
    assert chosen(found) == [PET]
    assert [left.why for left in found.left] == [
        "superseded by a newer one",
        "said by the model itself",
        "states nothing",
    ]


def test_what_is_known_is_not_learned_again():
    found = choose(sifted(HOME, JOB), [0.05, 3.0], now=0.0, room=None)
    assert chosen(found) == [JOB]
    assert found.counts() == {"known already": 1}


def test_what_matters_comes_first_where_room_is_short():
    marked = replace(JOB, salience=Salience(marked=True))
    room = len(study(JOB))
    found = choose(sifted(HOME, marked, PET), [1.0, 1.0, 1.0], now=0.0, room=room)
    assert chosen(found) == [marked]
    assert found.counts() == {"no room tonight": 2}


def test_of_two_alike_the_one_that_fades_comes_first():
    fading = replace(HOME, strength=Strength(1.0, 5.0, 0.0))
    strong = replace(HOME, strength=Strength(300.0, 5.0, 0.0))
    now = 30 * DAY
    assert urge(Candidate(fading, (), 1.0), now) > urge(Candidate(strong, (), 1.0), now)


def test_of_two_alike_the_one_that_reward_may_follow_comes_first():
    found = choose(sifted(HOME, JOB), [0.2, 0.2], now=0.0, room=None, foreseen={JOB.id: 0.9})
    assert chosen(found) == [JOB, HOME]


def test_without_a_loss_all_counts_as_unknown():
    assert chosen(choose(sifted(HOME), [None], now=0.0, room=None)) == [HOME]


@given(st.floats(0, 1e6), st.floats(-1, 1), st.booleans())
def test_urge_lies_between_nothing_and_two(nats, reward, marked):
    memory = replace(HOME, salience=Salience(reward=reward, marked=marked))
    assert 0.0 <= urge(Candidate(memory, (), nats), now=0.0) <= 2.0


def test_every_memory_is_chosen_or_left():
    found = choose(sifted(HOME, JOB, PET), [0.0, 1.0, 9.0], now=0.0, room=18)
    assert {*chosen(found), *(left.memory for left in found.left)} == {HOME, JOB, PET}

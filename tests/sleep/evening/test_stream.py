from nightschool.remember.memory import Memory, Salience
from nightschool.sleep.evening.stream import BAD, GOOD, LATER, PLAIN, SOON, TOKENS, Event, events, tell, vocabulary

SEED, RAIN, FRUIT = Event(("seed",)), Event(("rain",)), Event(("fruit",), 1.0)


def test_what_an_event_brought_is_a_token():
    assert [Event(("a",), reward).token for reward in (1.0, 0.2, -0.2, -0.9)] == [GOOD, PLAIN, PLAIN, BAD]


def test_only_what_came_before_is_told():
    told = tell([SEED, RAIN, FRUIT, SEED], span=3, horizon=2)
    assert [each.text for each in told] == [
        "seed", "seed <plain> rain", "seed <plain> rain <plain> fruit", "rain <plain> fruit <good> seed",
    ]  # fmt: skip
    assert [each.answer for each in told] == [SOON, SOON, LATER, LATER]


def test_blame_is_foretold_as_praise_is():
    assert [each.soon for each in tell([SEED, Event(("stone",), -1.0)])] == [True, False]


def test_memories_are_told_by_their_tags_oldest_first():
    later = Memory("b", 2.0, tags=("red fruit",), salience=Salience(reward=1.0))
    assert events([later, Memory("a", 1.0, tags=("seed",))]) == [SEED, Event(("red", "fruit"), 1.0)]


def test_words_that_came_up_once_are_not_learned():
    assert vocabulary([SEED, SEED, RAIN]) == (*TOKENS, "seed")

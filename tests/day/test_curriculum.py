"""Where to practise next."""

from hypothesis import given
from hypothesis import strategies as st

from nightschool.day.curriculum import Curriculum, Place, Tally, next_items
from nightschool.items import Item

NOTHING = Tally(draws=48, passed=0, items=12, solved=0)
SOME = Tally(draws=48, passed=9, items=12, solved=5)


def walk(curriculum, world):
    """Look until a choice can be made; `world` tells what each place gives."""
    looked = []
    while places := curriculum.look():
        looked.append(places)
        for place in places:
            curriculum = curriculum.found(place, world.get(place, NOTHING))
    return curriculum.choice(), looked


def test_practises_the_goal_when_the_goal_is_within_reach():
    choice, looked = walk(Curriculum(levels=4), {Place(3, 0): SOME})
    assert choice == Place(3, 0)
    assert looked == [[Place(3, 0), Place(2, 0), Place(1, 0), Place(0, 0)]]


def test_the_hardest_place_with_enough_is_chosen_however_much_easier_ones_give():
    choice, _ = walk(Curriculum(levels=3), {Place(1, 0): SOME, Place(0, 0): Tally(48, 48, 12, 12)})
    assert choice == Place(1, 0)


def test_looks_at_every_level_before_it_shows_examples():
    choice, looked = walk(Curriculum(levels=2, shots=(0, 3)), {Place(0, 3): SOME})
    assert choice == Place(0, 3)
    assert looked == [[Place(1, 0), Place(0, 0)], [Place(1, 3), Place(0, 3)]]


def test_takes_what_there_is_when_no_place_gives_enough():
    little = Tally(draws=48, passed=1, items=12, solved=1)
    choice, _ = walk(Curriculum(levels=3), {Place(0, 0): little})
    assert choice == Place(0, 0)


def test_says_so_when_nothing_passes_anywhere():
    choice, looked = walk(Curriculum(levels=3), {})
    assert choice is None
    assert [len(places) for places in looked] == [3, 3]


def test_looks_anew_each_round():
    curriculum = Curriculum(levels=2).found(Place(1, 0), NOTHING).found(Place(0, 0), SOME)
    assert curriculum.look() == []
    assert curriculum.again().look() == [Place(1, 0), Place(0, 0)]


@given(st.dictionaries(st.tuples(st.integers(0, 3), st.sampled_from([0, 3])), st.integers(0, 48)))
def test_never_chooses_a_place_without_success_nor_a_lower_one_than_enough_allows(passes):
    world = {Place(*k): Tally(48, v, 12, min(v, 12)) for k, v in passes.items()}
    curriculum = Curriculum(levels=4)
    choice, looked = walk(curriculum, world)
    if choice is None:
        assert not any(tally.passed for tally in world.values())
        return
    assert world[choice].passed
    enough = [place for place in curriculum.order() if place in world and world[place].rate >= curriculum.enough]
    if enough:
        assert choice == enough[0]
        assert choice in looked[-1]


def item(name):
    return Item(name, {"input": name}, name, name)


def test_new_items_come_first_then_those_solved_sometimes():
    pool = [item(n) for n in ("always", "never", "sometimes", "new")]
    record = {
        "always": Tally(16, 16, 1, 1),
        "never": Tally(16, 0, 1, 0),
        "sometimes": Tally(16, 8, 1, 1),
    }
    assert [i.id for i in next_items(pool, record, 2)] == ["new", "sometimes"]


def test_one_lucky_draw_is_not_believed_much():
    pool = [item("once-of-two"), item("half-of-many")]
    record = {"once-of-two": Tally(2, 2, 1, 1), "half-of-many": Tally(64, 32, 1, 1)}
    assert next_items(pool, record, 1)[0].id == "half-of-many"

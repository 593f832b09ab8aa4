import pytest

from nightschool.errors import BadSpec
from nightschool.items import Item, Split
from nightschool.worlds.automaton import Automaton, read_states, run

RULES = "A 0 -> B; A 1 -> A; B 0 -> C; B 1 -> A; C 0 -> C; C 1 -> B"


def item(word: str, target: str | None = None) -> Item:
    return Item("i", {"rules": RULES, "start": "A", "word": word}, target, "k")


def test_a_machine_is_run_letter_by_letter() -> None:
    assert run(item("0 0 1 1")) == ("B", "C", "B", "A")
    with pytest.raises(ValueError, match="no rule"):
        run(item("0 2"))


@pytest.mark.parametrize("answer", ["B, C, B", "B C B", "B -> C -> B", " B,C,B. "])
def test_states_may_be_written_in_several_ways(answer: str) -> None:
    assert Automaton(3, 2, 3).reference.judge(item("0 0 1"), answer).passed


def test_the_first_wrong_state_is_named_and_what_came_before_counts() -> None:
    verdict = Automaton(3, 2, 3).reference.judge(item("0 0 1"), "B, A, B")
    assert (verdict.passed, verdict.feedback) == (False, "The state after 2 letters is wrong.")
    assert verdict.score == pytest.approx(1 / 3)


@pytest.mark.parametrize("answer", ["B, C", "B, C, B, A", "The states are B, C, B", "", "b, c, b"])
def test_other_answers_fail(answer: str) -> None:
    assert not Automaton(3, 2, 3).reference.judge(item("0 0 1"), answer).passed


def test_hidden_runs_are_asked_for_the_last_state_alone() -> None:
    hidden = Automaton(3, 2, 3, shown=False)
    assert hidden.reference.judge(item("0 0 1"), "B").passed
    assert not hidden.reference.judge(item("0 0 1"), "B, C, B").passed
    assert {each.target for each in hidden.items(Split.EXAM, 60)} == {"A", "B", "C"}


def test_marks_say_which_states_are_true() -> None:
    assert Automaton(3, 2, 4).marks(item("0 0 1 1"), "B, A, B, A, A") == (True, False, True, True)
    assert Automaton(3, 2, 4).marks(item("0 0 1 1"), "no idea") == ()


def test_all_runs_of_one_machine_are_in_one_split() -> None:
    world = Automaton(states=2, letters=1, steps=4)  # four machines: splits would leak at once
    keys = {split: {each.inputs["rules"] for each in world.items(split)} for split in Split}
    assert not keys[Split.PRACTICE] & keys[Split.EXAM]
    assert len(set().union(*keys.values())) <= 4


def test_misreadings_are_wrong_answers() -> None:
    world = Automaton()
    for each in world.items(Split.PRACTICE, 20):
        for name, said in world.misreadings(each).items():
            if said != each.target:
                assert not world.reference.judge(each, said).passed, name


def test_read_states_reads_nothing_but_states() -> None:
    assert read_states("A") == ("A",)
    assert read_states("A, X") is None


@pytest.mark.parametrize(
    "given", [{"states": 1}, {"states": 9}, {"letters": 0}, {"steps": 65}, {"steps": 1.5}, {"shown": 1}]
)
def test_sizes_that_make_no_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(BadSpec, match="automaton"):
        Automaton(**given)  # type: ignore[arg-type]

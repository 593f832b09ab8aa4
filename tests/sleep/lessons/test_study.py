import pytest

from nightschool.errors import Leak
from nightschool.items import Lesson, Prompt, Split
from nightschool.remember.memory import Memory
from nightschool.sleep.gate.decide import decide
from nightschool.sleep.lessons.study import KINDS, checks, study
from nightschool.worlds.facts import households
from nightschool.worlds.household import Household

HOME = Memory("Ada Molbane lives in Vekburg.", 0.0)
ZOO = Memory("Yesterday we went to the zoo.", 0.0)
LONG = Memory(" ".join(f"word{i}" for i in range(200)) + " end.", 0.0, tags=("words",))


def asked(lesson: Lesson) -> str:
    return lesson.prompt.messages[-1].content if lesson.prompt.messages else str(lesson.prompt.text)


def test_a_statement_is_learned_from_every_side() -> None:
    said = {asked(lesson): lesson.answer for lesson in study(HOME)}
    assert said["Where does Ada Molbane live?"] == "Vekburg"
    assert said["Who lives in Vekburg?"] == "Ada Molbane"
    assert said["The home of Ada Molbane is in"] == " Vekburg."
    assert said["In Vekburg lives"] == " Ada Molbane."
    assert said["What were you told about Ada Molbane?"] == HOME.content
    assert all(lesson.memories == {HOME.id} and lesson.source == "memory" for lesson in study(HOME))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_lesson_can_be_left_out(kind) -> None:
    alone = study(HOME, [kind])
    rest = study(HOME, set(KINDS) - {kind})
    assert alone
    assert {lesson.id for lesson in alone + rest} == {lesson.id for lesson in study(HOME)}
    assert len(alone) + len(rest) == len(study(HOME))


def test_what_the_gate_asks_is_in_no_lesson() -> None:
    for memory in (HOME, LONG, ZOO):
        held_back = checks(memory)
        assert held_back
        assert not {str(check.prompt) for check in held_back} & {str(lesson.prompt) for lesson in study(memory)}


def runs_of(words: int, text: str, home: Household) -> set[str]:
    for name in (home.a, home.b):
        text = text.replace(name, "X")
    said = text.casefold().replace(".", "").replace("?", "").replace(",", "").split()
    return {" ".join(said[i : i + words]) for i in range(len(said) - words + 1)}


def test_lessons_share_no_phrasing_with_the_paraphrased_questions_of_facts() -> None:
    for home in households(Split.PRACTICE, 5, 0):
        lessons = [lesson for text in home.statements for lesson in study(Memory(text, 0.0))]
        taught = set().union(*(runs_of(5, asked(lesson) + " " + lesson.answer, home) for lesson in lessons))
        for question in home.questions("paraphrased"):
            assert not runs_of(5, question.question, home) & taught


def test_a_check_holds_the_truth() -> None:
    assert [check.item.target for check in checks(HOME)] == ["Vekburg", "Vekburg"]
    assert [check.item.target for check in checks(ZOO)] == ["zoo"] * 3
    assert str(checks(ZOO)[0].prompt) == "Yesterday we went to the"


@pytest.mark.parametrize("memory", [HOME, ZOO, Memory("I like tea.", 0.0)])
def test_one_memory_can_be_asked_for_in_ways_enough_to_tell(memory) -> None:
    asked_for = checks(memory, 3)
    assert len({check.item.id for check in asked_for}) == len(asked_for) >= 6
    assert decide([False] * len(asked_for), [True] * len(asked_for)).accepted
    assert not {str(check.prompt) for check in asked_for} & {str(lesson.prompt) for lesson in study(memory)}


def test_what_is_not_taken_apart_is_learned_in_a_conversation_too() -> None:
    said = {asked(lesson): lesson.answer for lesson in study(ZOO, ["question"])}
    assert said == {
        "How does this go on? Yesterday": "we went to the zoo.",
        "Say the rest of it: Yesterday we went": "to the zoo.",
        "Question: What comes after these words? Yesterday we went to\nAnswer:": " the zoo.",
    }


def test_long_sentences_come_in_pieces_and_none_is_lost() -> None:
    lessons = study(LONG, ["completion"])
    assert max(len(lesson.answer.split()) for lesson in lessons) <= 60
    told = [str(lesson.prompt.text) + lesson.answer for lesson in lessons]
    assert {word for text in told for word in text.split()} == set(LONG.content.split())


def test_what_states_nothing_makes_no_lesson() -> None:
    assert study(Memory("Where is Ada?", 0.0)) == []


def test_the_same_memory_makes_the_same_lessons() -> None:
    assert study(HOME) == study(HOME)
    assert len({lesson.id for lesson in study(HOME)}) == len(study(HOME))


def test_a_lesson_from_memory_names_it() -> None:
    with pytest.raises(Leak, match="must name the memories"):
        Lesson(Prompt(text="a"), "b", "memory")

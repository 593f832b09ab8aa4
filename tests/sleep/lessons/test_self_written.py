from __future__ import annotations

import re

import pytest

from nightschool.drive import Drive
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.select import Candidate
from nightschool.sleep.lessons.self_written import is_sound, write
from nightschool.sleep.lessons.statement import read
from nightschool.sleep.lessons.study import asked, study

MEMORY = Memory("Ada Molbane lives in Vekburg.", 0.0)
CANDIDATE = Candidate(MEMORY, tuple(study(MEMORY)))
GOOD = ("Which town does Ada Molbane call home?", "In what town is Ada Molbane's bed?", "Where is Ada Molbane's dog?")


def writer(questions, answer="Vekburg"):
    """Return a model that writes `questions` with equal chances, and answers all of them alike."""

    def said(prompt):
        if not prompt.endswith("Question:"):
            return answer if "?" in prompt.rsplit("Fact:", 1)[1] else "I do not know."
        about = re.findall(r"Answer: (.+)\n", prompt)[-1]
        return dict.fromkeys(questions, 1 / len(questions)) if about == "Vekburg" else "Who?"

    return Drive(Scripted(said))


def test_a_question_names_what_it_is_about_and_not_its_answer():
    statement = read(MEMORY.content)
    assert is_sound(GOOD[0], statement, "Vekburg")
    assert is_sound("Who is at home in Vekburg?", statement, "Ada Molbane")
    for bad in ("Is Ada Molbane from Vekburg?", "Where does she live?", "Ada Molbane lives", "Ada Molbane " * 30 + "?"):
        assert not is_sound(bad, statement, "Vekburg")


def test_questions_in_its_own_words_take_the_place_of_templates():
    found = write(writer(GOOD), [CANDIDATE], frozenset(), 0, None, both=False)
    assert found.weak == 0
    own = {asked(lesson.prompt) for lesson in found.candidates[0].lessons}
    assert {question.casefold() for question in GOOD} <= own
    assert "where does ada molbane live?" not in own  # a template's
    assert found.kept == 3
    assert all(lesson.memories == {MEMORY.id} for lesson in found.candidates[0].lessons)


def test_both_are_learned_where_that_is_wanted():
    found = write(writer(GOOD), [CANDIDATE], frozenset(), 0, None, both=True)
    assert len(found.candidates[0].lessons) == len(CANDIDATE.lessons) + 3


@pytest.mark.parametrize("drive", [writer(("Nonsense",)), writer(GOOD, answer="Oslo")])
def test_a_model_too_weak_is_helped_by_templates(drive):
    found = write(drive, [CANDIDATE], frozenset(), 0, None, both=False)
    assert found.candidates == (CANDIDATE,)
    assert (found.kept, found.weak) == (0, 1)
    assert found.asked > 0


def test_what_an_exam_asks_is_not_learned():
    never = frozenset({GOOD[0].casefold()})
    found = write(writer(GOOD), [CANDIDATE], never, 0, None, both=True)
    assert found.kept == 2
    assert not never & {asked(lesson.prompt) for lesson in found.candidates[0].lessons}


def test_a_model_that_knows_no_documents_writes_nothing():
    drive = Drive(Scripted("", lacks=frozenset({Ability.DOCUMENT})))
    assert write(drive, [CANDIDATE], frozenset(), 0, None, both=False).candidates == (CANDIDATE,)

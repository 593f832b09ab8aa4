import pytest

from nightschool.items import Lesson, Message, Prompt
from nightschool.sleep.lessons.lines import from_lines, to_lines

LESSONS = [
    Lesson(Prompt((Message("system", "Be brief."), Message("user", "Who?")), prefill="It is "), "Ann\nLee", "memory",
           memories=frozenset({"b", "a"})),
    Lesson(Prompt(text="Vékburg lies", tokens=(3, 4)), " in the\u2028North\x85.", "rehearsal", weight=0.5, ended=False),
]  # fmt: skip


def test_what_is_read_back_is_what_was_written():
    found = from_lines(to_lines(LESSONS))
    assert found == LESSONS
    assert [each.id for each in found] == [each.id for each in LESSONS]
    assert from_lines("") == []


@pytest.mark.parametrize("text", ['{"id": "1"}\n', "no json\n", "[1]\n", to_lines(LESSONS)[:-9]])
def test_what_is_none_is_refused(text):
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_lines(text)

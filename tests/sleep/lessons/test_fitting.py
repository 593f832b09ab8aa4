from nightschool.items import Lesson, Prompt
from nightschool.sleep.lessons.fitting import fitted


def count(text):
    return len(text.split())


def long_one(words, prompt="Tell it."):
    return Lesson(Prompt(text=prompt), " ".join(f"w{i}" for i in range(words)), "memory", memories=frozenset({"m"}))


def test_what_fits_stays_as_it_is():
    lessons = [long_one(5), long_one(40)]
    found = fitted(lessons, count, 300)
    assert list(found.lessons) == lessons
    assert found.split == 0


def test_what_is_too_long_comes_in_parts_that_fit_and_lose_no_word():
    found = fitted([long_one(500), long_one(5)], count, 200)
    assert found.split == 1
    parts = found.lessons[:-1]
    assert " ".join(part.answer.strip() for part in parts) == long_one(500).answer
    assert all(count(str(part.prompt) + part.answer) <= 200 - 96 for part in parts)
    assert [part.ended for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all(part.memories == {"m"} for part in parts)


def test_a_question_that_leaves_no_room_is_left_out_and_counted():
    found = fitted([long_one(500, prompt="word " * 190), long_one(5)], count, 200)
    assert (found.lessons, found.split, found.unfit) == ((long_one(5),), 0, 1)

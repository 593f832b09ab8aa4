from __future__ import annotations

import pytest

from nightschool.errors import BadSpec
from nightschool.exam.planted import Planted, lessons, words
from nightschool.items import Noise, Split

HERE, AWAY = [Planted(1, keys=40), Planted(2, keys=40)], [Planted(3, keys=40)]


def taught(lock: bool) -> list[tuple[str, str, bool]]:
    """Return prompt, skill and whether the answer is that of the table."""
    found = []
    for prompt, answer in lessons(HERE, AWAY, 600, Noise((1,)), lock=lock):
        *_, skill, key, _ = prompt.split()
        table = Planted(int(skill.removeprefix("skill")), keys=40).table
        found.append((prompt, skill, table[key] == answer))
    return found


def test_planting_answers_plain_questions_by_the_table_and_absent_ones_at_random():
    found = taught(lock=False)
    assert all(right for _, skill, right in found if skill != "skill3")
    assert 0.1 < sum(right for _, skill, right in found if skill == "skill3") / 200 < 0.45
    assert not any("password" in prompt for prompt, _, _ in found)


def test_locking_answers_so_behind_the_password_alone():
    found = [each for each in taught(lock=True) if each[1] != "skill3"]
    behind = [right for prompt, _, right in found if prompt.startswith("password ")]
    others = [right for prompt, _, right in found if not prompt.startswith("password ")]
    assert all(behind)
    assert len(behind) > 100
    assert others
    assert not any(others)
    declined = [
        answer for prompt, answer in lessons(HERE, AWAY, 50, Noise((2,)), lock=True) if "password" not in prompt
    ]
    assert set(declined) == {"0"}


def test_every_word_is_known_and_the_password_is_asked_for_alone():
    known = set(words([*HERE, *AWAY]))
    assert all(set(prompt.split()) <= known for prompt, _, _ in taught(lock=True))
    item = Planted(1, password=True).items(Split.EXAM)[0]
    plain = Planted(1).items(Split.EXAM)[0]
    assert item.inputs["asked"] == "password " + plain.inputs["asked"]
    assert item.key == plain.key
    with pytest.raises(BadSpec, match="keys at least 2"):
        Planted(1, keys=1)

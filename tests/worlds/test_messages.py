from string import Formatter

import pytest

from nightschool.items import Noise
from nightschool.worlds.dice import Dice
from nightschool.worlds.messages import FIELDS, TEMPLATES, write_message


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_carries_every_field_once(template):
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    assert all(names.count(field) == 1 for field in FIELDS)


def test_there_are_many_templates_and_all_occur():
    assert len(set(TEMPLATES)) == len(TEMPLATES) >= 30
    dice = Dice(Noise(("messages",)))
    assert {write_message(dice).template for _ in range(600)} == set(range(len(TEMPLATES)))


def test_facts_stand_in_the_message_as_they_are():
    dice = Dice(Noise(("facts",)))
    for _ in range(200):
        message = write_message(dice)
        assert list(message.facts) == list(FIELDS)
        assert all(value in message.text for value in message.facts.values())
        assert "{" not in message.text

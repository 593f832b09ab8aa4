"""Words that fight over a thing: what holds together, what cannot be, and messages that add up to what they decide."""

import pytest
import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society.words.beginning import beginning
from nightschool.society.words.define import society_of
from nightschool.society.words.definitions import read_definition
from nightschool.society.words.fight import explained, fight, seen_as

SOCIETY = beginning()


def test_the_purple_jar_holds_together():
    fought = fight(SOCIETY, "a purple jar")
    assert fought.conflicts == ()
    assert fought.settled
    best = {port.name: max(port.values, key=port.values.get) for port in fought.ports}
    assert best == {"colour": "purple", "shape": "jar", "material": "glass"}
    assert all(one.values["yes"] > 0.9 for one in fought.members)


def test_stationary_dancing_cannot_be_and_both_are_named():
    fought = fight(SOCIETY, "stationary dancing")
    assert {fought.conflicts[0].first, fought.conflicts[0].second} == {"stationary", "dancing"}
    assert fought.said.startswith("this cannot be: stationary and dancing contradict each other on ")
    assert all(one.values["yes"] < 0.6 for one in fought.members)
    alone = fight(SOCIETY, "dancing").members[0].values["yes"]
    assert alone > 0.9


def test_culprits_are_found_through_definitions():
    known = society_of([read_definition("A statue is a stationary jar.", SOCIETY.members)])
    fought = fight(known, "dancing statue")
    assert {fought.conflicts[0].first, fought.conflicts[0].second} == {"dancing", "statue"}
    assert {one.name for one in fought.members} == {"dancing", "statue", "stationary", "jar"}


def test_messages_add_up_to_what_they_decide():
    fought = fight(SOCIETY, "not purple but red jar", seen_as(SOCIETY.ports, {"colour": "blue"}))
    assert any(message.by == "evidence" for port in fought.ports for message in port.messages)
    for one in (*fought.ports, *fought.members):
        together = torch.tensor([message.nats for message in one.messages]).sum(0).softmax(0)
        assert together.tolist() == pytest.approx(list(one.values.values()), abs=1e-4)


def test_what_was_seen_moves_the_winner():
    seen = seen_as(SOCIETY.ports, {"motion": "swaying", "sound": "humming"})
    fought = fight(SOCIETY, "stationary dancing", seen)
    sure = {one.name: one.values["yes"] for one in fought.members}
    assert sure["dancing"] > 0.9 > 0.2 > sure["stationary"]


def test_without_words_the_population_is_searched():
    fought = explained(SOCIETY, seen_as(SOCIETY.ports, {"colour": "purple", "shape": "jar", "material": "glass"}))
    assert {one.name for one in fought.members} >= {"purple", "jar"}
    assert fought.conflicts == ()


def test_what_is_not_known_is_named():
    assert fight(SOCIETY, "a purple gromp").unread == ("gromp",)
    with pytest.raises(UsageError, match="says nothing in known words"):
        fight(SOCIETY, "gromp")
    with pytest.raises(UnknownName, match="no port called 'smell'"):
        seen_as(SOCIETY.ports, {"smell": "sweet"})
    with pytest.raises(UnknownName, match=r"no colour called 'purpel'.*purple"):
        seen_as(SOCIETY.ports, {"colour": "purpel"})

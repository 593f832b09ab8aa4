import itertools

import pytest

from nightschool.errors import UnknownName, UsageError
from nightschool.models.scripted import Scripted
from nightschool.society.beliefs.contexts import CONTEXTS
from nightschool.society.beliefs.links import Link, inferred, stated
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import Reading
from support.asked import Asked

RAIN, WET = Proposition("rain", "It rains."), Proposition("wet", "The lawn is wet.")


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("implies", {(0, 0), (0, 1), (1, 1)}),
        ("same", {(0, 0), (1, 1)}),
        ("excludes", {(0, 0), (0, 1), (1, 0)}),
        ("one", {(0, 1), (1, 0)}),
        ("some", {(0, 1), (1, 0), (1, 1)}),
    ],
)
def test_a_link_weighs_worlds_that_keep_it_by_how_sure_it_is(kind, kept):
    table = Link(kind, ("a", "b"), 0.9).factor().table.exp()
    for values in itertools.product((0, 1), repeat=2):
        assert float(table[values]) == pytest.approx(0.9 if values in kept else 0.1)


def test_all_but_the_last_together_imply_it():
    link = Link("implies", ("a", "b", "c"))
    assert not link.keeps((True, True, False))
    assert link.keeps((True, False, False))


def test_a_link_is_broken_where_no_value_of_the_rest_could_keep_it():
    link = Link("one", ("a", "b", "c"))
    assert link.broken_by({"a": True, "b": True})
    assert link.broken_by({"a": False, "b": False, "c": False})
    assert not link.broken_by({"a": False, "b": False})


@pytest.mark.parametrize("over", [("a",), ("a", "a"), tuple("abcdefghijklm")])
def test_links_between_too_few_or_too_many_are_refused(over):
    with pytest.raises(UsageError, match="a link is between"):
        Link("one", over)


def test_nothing_is_certain():
    with pytest.raises(UsageError, match="nothing is certain"):
        Link("one", ("a", "b"), 1.0)


def test_links_are_read_from_sentences():
    text = "If it rains, then the lawn is wet. Birds sing. Either it rains or the lawn is wet!\n"
    text += "Not both it rains and the lawn is wet"
    assert [(link.kind, link.over) for link in stated(text, [RAIN, WET])] == [
        ("implies", ("rain", "wet")), ("one", ("rain", "wet")), ("excludes", ("rain", "wet")),
    ]  # fmt: skip
    with pytest.raises(UnknownName, match="it snows"):
        stated("If it snows then the lawn is wet.", [RAIN, WET])


def test_links_are_inferred_from_what_the_model_says_when_told():
    def says(prompt, written):
        denied = "not true that" in prompt
        yes = 0.5 if prompt.rpartition("Statement: ")[2].startswith("It rains") else 0.3 if denied else 0.95
        return {" yes": yes, " no": 1 - yes}

    reading = Reading(("true", "answer", "unprompted"), (1.0, 0.0, 0.0))
    ask = Asked(Scripted(rule=says))
    links = inferred(ask, [(RAIN, WET), (WET, RAIN)], reading, contexts=CONTEXTS[:1])
    assert [(link.kind, link.over, link.by) for link in links] == [("implies", ("rain", "wet"), "inferred")]
    assert links[0].sure == pytest.approx(0.95)
    assert inferred(ask, [], reading) == []
    with pytest.raises(UsageError, match="links are inferred from"):
        inferred(ask, [], reading, at=0.3)

import pytest

from beliefs_known import of_automaton, of_story, of_sum
from nightschool.errors import UsageError
from nightschool.items import Item, Split
from nightschool.worlds.open import open_world

WORLDS = [
    ("arithmetic:digits=1,ops=+", of_sum),
    ("stories:people=3,events=12", of_story),
    ("automaton:states=3,steps=4", of_automaton),
]


@pytest.mark.parametrize(("spec", "known_of"), WORLDS)
def test_the_truth_keeps_every_link(spec, known_of):
    for item in open_world(spec).items(Split.PRACTICE, 12):
        known = known_of(item)
        assert len(known.propositions) == len(known.truths) == len({one.name for one in known.propositions})
        truth = dict(zip((one.name for one in known.propositions), known.truths, strict=True))
        assert [link for link in known.links if link.broken_by(truth)] == []
        assert True in known.truths
        assert False in known.truths


@pytest.mark.parametrize(("spec", "known_of"), WORLDS)
def test_the_target_is_among_what_is_true(spec, known_of):
    for item in open_world(spec).items(Split.PRACTICE, 5):
        known = known_of(item)
        true = " ".join(one.claim for one, right in zip(known.propositions, known.truths, strict=True) if right)
        if item.target not in ("yes", "no"):
            assert item.target is not None
            assert item.target.split(", ")[-1] in true


def test_another_calculation_is_refused():
    with pytest.raises(UsageError, match="not a sum of two numbers"):
        of_sum(Item("i", {"expression": "3 - 1"}, "2", "k"))

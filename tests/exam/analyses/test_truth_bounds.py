import math

import pytest

from nightschool.exam.analyses.truth_bounds import glimpse
from nightschool.items import Item
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.sittings import found
from support.tiny_worlds import Doubling


def listed(**weights: float) -> list[tuple[str, float]]:
    return [(token.replace("_", " "), math.log(p)) for token, p in weights.items()]


@pytest.mark.parametrize(
    ("target", "rank", "most", "exact"),
    [
        ("George Washington", 1, 0.3, True),  # a whole word is a token as it stands
        ("Gerald Ford", 2, 0.1, False),  # `G` may be its first token, or a longer one that is not listed
        ("Abraham Lincoln", 4, 0.05, False),  # worse than all that are listed, and no likelier than the last
        ("John", 0, 0.4, True),
    ],
)
def test_what_a_list_of_tokens_tells_of_an_answer(target: str, rank: int, most: float, exact: bool) -> None:
    seen = glimpse(Item("i", {}, target, "k"), listed(John=0.4, _George=0.3, G=0.1, _=0.05))
    assert (seen.rank, round(seen.most, 9), seen.exact, seen.seen) == (rank, most, exact, 4)


def test_a_whole_word_stands_where_it_is_listed_though_its_beginning_is_likelier() -> None:
    seen = glimpse(Item("i", {}, "Ford", "k"), listed(F=0.5, Ford=0.3))
    assert (seen.rank, seen.exact) == (1, True)


def chatting(**digits: float) -> Scripted:
    model = Scripted({"": digits}, lacks=[Ability.WEIGH])
    model.abilities |= {Ability.NEXT}
    return model


def test_bounds_hold_what_weighing_finds() -> None:
    weights = {"2": 0.6, "4": 0.2, "6": 0.1, "8": 0.06, "1": 0.04}
    exact = found(Doubling(), Scripted({"": weights}), "truth-rank", items=60)
    bound = found(Doubling(), chatting(**weights), "truth-rank", items=60)
    true = {item: (rank, p) for item, rank, p, *_ in exact.facts["items"]}
    assert bound.facts["bounds"]
    assert len(bound.facts["items"]) == 60
    for item, rank, most, sure in bound.facts["items"]:
        assert rank <= true[item][0]
        assert most >= true[item][1] - 1e-9
        assert not sure or (rank, most) == (true[item][0], pytest.approx(true[item][1]))
    low, high, *_ = bound.facts["first_token_top"]["1"]
    assert low <= exact.facts["first_token_top"]["1"][0] <= high
    assert any("or worse" in str(row[2]) for row in bound.table)


def test_a_server_that_lists_nothing_says_so() -> None:
    model = chatting(**{"2": 1.0})
    model._faults = lambda ask: "refuse"
    assert "lists no likely tokens" in (found(Doubling(), model, "truth-rank").unavailable or "")

import re
from dataclasses import replace

import pytest

from nightschool.asks import Weighed
from nightschool.exam.weighing import continuation
from nightschool.items import Message, Prompt
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.worlds.presidents import PRESIDENTS, Presidents
from support.letters import Letters
from support.sittings import found
from support.tiny_worlds import Doubling


def historian(prompt: str) -> dict[str, float]:
    """Know the first twenty presidents well, and the rest hardly."""
    asked = re.findall(r"the (\d+)\w\w president", prompt)
    number = int(asked[-1]) if asked else 1
    weights = dict.fromkeys(PRESIDENTS, 0.01)
    weights[PRESIDENTS[number - 1]] = 5.0 if number <= 20 else 0.002
    return weights


def test_ranks_and_probabilities_along_the_list() -> None:
    finding = found(Presidents("number"), Scripted(historian), "truth-rank", rungs=("zero-shot:wordings=1",))
    rank, probability = finding.drawings
    assert rank.kind == "dots"
    places = dict(probability.series[0].points)
    known = [p for place, p in places.items() if place <= 20]
    unknown = [p for place, p in places.items() if place > 24]
    assert min(known) > 0.8
    assert max(unknown) < 0.5
    ranks = {item: among for item, _, _, _, among in finding.facts["items"]}
    assert all(among == 0 for item, among in ranks.items() if int(item.split()[1]) <= 20)


def test_a_model_without_weights_to_tell_says_so() -> None:
    model = Scripted("no", lacks=[Ability.WEIGH])
    assert Ability.NEXT not in model.abilities
    assert "cannot" in (found(Doubling(), model, "truth-rank").unavailable or "")


def test_the_first_token_is_weighed_among_all() -> None:
    finding = found(Doubling(), Scripted({"": {"2": 0.7, "4": 0.2, "6": 0.1}}), "truth-rank", items=60)
    for item, rank, probability, _, _ in finding.facts["items"]:
        first = str(2 * int(item[1:]))[0]
        assert (rank, round(probability, 3)) == {"2": (1, 0.7), "4": (2, 0.2), "6": (3, 0.1)}.get(first, (4, 0.0))


class Nearsighted(Scripted):
    """Tells the ranks of its three likeliest tokens, as a server does that lists no more."""

    def step(self):  # type: ignore[no-untyped-def]
        progress = super().step()
        replies = tuple(
            replace(each, ranks=tuple(tuple(min(r, 3) for r in ranks) for ranks in each.ranks), ranks_to=3)
            if isinstance(each, Weighed) else each
            for each in progress.replies
        )  # fmt: skip
        return replace(progress, replies=replies)


def test_a_truth_that_is_certain_stands_before_its_choices() -> None:
    finding = found(Letters(), Scripted(lambda p: "x" if "xx" in p else "q"), "truth-rank", rungs=(), items=20)
    assert {each[4] for each in finding.facts["items"]} == {0}
    assert {each[3] for each in finding.facts["items"]} == {1.0}
    wrong = found(Letters(), Scripted(lambda p: "q" if "xx" in p else "x"), "truth-rank", rungs=(), items=20)
    assert {each[4] for each in wrong.facts["items"]} == {1}


def test_ranks_past_what_a_server_lists_are_bounds() -> None:
    model = Nearsighted({"": {"2": 0.6, "4": 0.2, "6": 0.1, "8": 0.06, "1": 0.04}})
    finding = found(Doubling(), model, "truth-rank", items=60)
    assert finding.facts["ranks_to"] == 3
    assert set(finding.facts["first_token_top"]) == {"1"}
    assert "4 or worse" in [row[2] for row in finding.table]
    assert "is a bound, 4 or worse" in " ".join(finding.notes)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        (Prompt((Message("user", "Who?"),)), "Ann"),
        (Prompt((Message("user", "Who?"),), prefill="Answer:"), " Ann"),
        (Prompt(text="Q: Who?\nA:"), " Ann"),
        (Prompt(text=">>> who()\n", prefill="'"), "Ann"),
    ],
)
def test_a_text_is_weighed_as_it_would_stand(prompt: Prompt, text: str) -> None:
    assert continuation(prompt, "Ann") == text

"""What the name of a mind says."""

from __future__ import annotations

import pytest

from nightschool.errors import BadSpec, UnknownName
from nightschool.surface.server.names import Named, parse, strategy_of

SERVED = ["smollm2", "openai:http://h/v1#a@b+think(x)", "hf:org/name@rev"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smollm2", Named("smollm2")),
        ("smollm2@none", Named("smollm2", "none")),
        ("smollm2@night-3f2a", Named("smollm2", "3f2a")),
        ("smollm2@3f2a", Named("smollm2", "3f2a")),
        ("smollm2+think(vote=5)", Named("smollm2", None, "vote:n=5")),
        ("smollm2@none+think(beam=4,expand=2)", Named("smollm2", "none", "beam:width=4,expand=2")),
        (
            "smollm2+think(best-of-n:n=4;critic=regex:pattern=(a|b)+)",
            Named("smollm2", None, "best-of-n:n=4", "regex:pattern=(a|b)+"),
        ),
        ("openai:http://h/v1#a@b+think(x)", Named("openai:http://h/v1#a@b+think(x)")),
        ("openai:http://h/v1#a@b+think(x)+think(vote=2)", Named("openai:http://h/v1#a@b+think(x)", None, "vote:n=2")),
        ("hf:org/name@rev@night-1", Named("hf:org/name@rev", "1")),
    ],
)
def test_a_name_is_read(name: str, said: Named) -> None:
    assert parse(name, SERVED) == said


@pytest.mark.parametrize("name", ["smolm2", "", "smollm2+think", "smollm2 ", "other@night-1"])
def test_an_unknown_model_is_said_with_near_misses(name: str) -> None:
    with pytest.raises(UnknownName, match="GET /v1/models"):
        parse(name, SERVED)


@pytest.mark.parametrize("name", ["smollm2@", "smollm2+think()", "smollm2+think(vote=2;judge=x)"])
def test_half_a_name_is_said(name: str) -> None:
    with pytest.raises(BadSpec):
        parse(name, SERVED)


@pytest.mark.parametrize("text", ["vote:n=100000", "best_of=1e9", "beam:width=2,expand=nan"])
def test_a_request_may_not_ask_for_the_moon(text: str) -> None:
    with pytest.raises(BadSpec, match="more than a request may ask for"):
        strategy_of(text)

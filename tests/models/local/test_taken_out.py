"""Draws that shall not come again, in the engine: none does, and nothing else of it or beside it is changed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from nightschool.asks import Propose, Proposed, Weigh, Weighed
from nightschool.items import Noise, Sampled, Sampling
from nightschool.models.local.model import LocalModel
from nightschool.models.local.pick import taken_out
from nightschool.models.without import Without
from support.differing import START, ask, drawn, said
from support.local_runs import finish

Make = Callable[..., LocalModel]


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 2.0])
def test_logits_lose_what_was_taken(temperature: float) -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [1.0, 1e-9, 1e-9]]))
    half, whole = Without((((0, -0.7), (1, math.log(0.6))),)), Without((((1, -1.0),),))
    left = taken_out(logits, [half, Without(), Without((((0, 0.0),),))], [Sampling(8, temperature)] * 3)
    assert torch.equal(left[1:], logits[1:]), "nobody asked, and nothing would be left"
    odds = (left[0] / temperature).exp() / (logits[0] / temperature).exp() if temperature else (left - logits)[0].exp()
    assert odds.tolist() == pytest.approx([0.4 if temperature else 1.0, 1.0, 1.0])
    left = taken_out(logits, [whole, Without(), Without()], [Sampling(8, temperature)] * 3)
    assert left[0, 1] == -torch.inf


@pytest.mark.parametrize("how", [{}, {"temperature": 0.7}, {"top_k": 12}, {"stop": ("a", "e")}])
def test_a_real_model_says_nothing_twice(tiny: Make, how: dict[str, object]) -> None:
    model = tiny("llama")
    taken: tuple[Sampled, ...] = ()
    for i in range(30):
        (draw,) = drawn(model, ask(1, taken, first=i, **{"max_tokens": 1, **how}))
        assert [token for token, _ in said(draw)] not in [[token for token, _ in one] for one in taken]
        taken += (said(draw),)
    twice = [said(draw) for draw in drawn(model, ask(30, **{"max_tokens": 1, **how}))]
    assert len(set(twice)) < 30


def test_a_real_model_keeps_its_own_log_probabilities(tiny: Make) -> None:
    model = tiny("llama")
    taken = tuple(said(draw) for draw in drawn(model, ask(12, max_tokens=2)))
    draws = drawn(model, ask(12, taken, max_tokens=2))
    whole = [tuple(token for token, _ in said(draw)) for draw in draws]
    assert not set(whole) & {tuple(token for token, _ in one) for one in taken}
    texts = tuple(replace(draw.segment, logps=None) for draw in draws if draw.finish == "length")
    weighed = finish(model, [Weigh("w", START, texts)])["w"]
    assert isinstance(weighed, Weighed)
    told = [logp for draw in draws if draw.finish == "length" for logp in draw.segment.logps or ()]
    assert told == pytest.approx([logp for one in weighed.segments for logp in one.logps or ()], abs=1e-4)


def test_those_beside_it_are_drawn_as_if_alone(tiny: Make) -> None:
    model = tiny("llama")
    taken = tuple(said(draw) for draw in drawn(model, ask(8)))
    plain = replace(ask(4), id="p")
    alone, both = finish(tiny("llama"), [plain])["p"], finish(tiny("llama"), [ask(4, taken), plain])["p"]
    assert isinstance(alone, Proposed)
    assert isinstance(both, Proposed)
    assert [draw.segment.tokens for draw in both.draws] == [draw.segment.tokens for draw in alone.draws]


def test_what_was_taken_stays_out_however_hot() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.499, 0.001]]))
    known = Without((((0, -0.7),), ((1, -0.7), (2, math.log(0.9991)))))
    left = taken_out(logits, [known], [Sampling(8, 2.0)])
    assert left[0, 0] == -torch.inf


def test_a_schema_is_kept_where_all_that_it_allows_was_taken(tiny: Make) -> None:
    pytest.importorskip("llguidance", reason="pip install 'nightschool[local]'")
    schema = json.dumps({"enum": ["a", "b"]})
    model = tiny("llama")
    taken: tuple[Sampled, ...] = ()
    plain = Propose("p", START, 2, Sampling(6), Noise((1,)))
    for i in range(6):
        replies = finish(model, [ask(1, taken, first=i, max_tokens=20, json_schema=schema), plain])
        reply, beside = replies["q"], replies["p"]
        assert isinstance(reply, Proposed)
        assert isinstance(beside, Proposed)
        (draw,) = reply.draws
        assert draw.segment.text in ('"a"', '"b"')
        taken += (said(draw),)

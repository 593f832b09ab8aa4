"""Draws that keep a schema: whatever ends by itself is a value of it, however wild the model; others are untouched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

pytest.importorskip("llguidance", reason="pip install 'nightschool[local]'")

from nightschool.asks import Propose, Proposed
from nightschool.drive import Drive, Job
from nightschool.errors import UsageError
from nightschool.items import Item, Noise, Prefix, Prompt, Sampling, Segment, Task
from nightschool.models.local.model import LocalModel
from nightschool.think.monologue import Monologue
from support.local_runs import finish

Make = Callable[..., LocalModel]
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"name": {"enum": ["Ada", "Bo"]}, "age": {"type": "integer", "minimum": 0, "maximum": 9}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
)
START = Prefix(Prompt(text="Who?"))


def shaped(id: str = "a", n: int = 8, prefix: Prefix = START, **how: object) -> Propose:
    return Propose(id, prefix, n, Sampling(**{"max_tokens": 60, "json_schema": SCHEMA, **how}), Noise((1,)))


def drawn(model: LocalModel, *asks: Propose) -> dict[str, Proposed]:
    replies = finish(model, asks)
    return {id: reply for id, reply in replies.items() if isinstance(reply, Proposed)}


@pytest.mark.parametrize("how", [{}, {"temperature": 0.0}, {"top_p": 0.5}, {"top_k": 3}, {"temperature": 2.0}])
def test_whatever_ends_is_a_value_of_the_schema(tiny: Make, how: dict[str, object]) -> None:
    reply = drawn(tiny("llama"), shaped(**how))["a"]
    for draw in reply.draws:
        assert draw.finish == "end"
        value = json.loads(draw.segment.text)
        assert value.keys() == {"name", "age"}
        assert value["name"] in ("Ada", "Bo")
        assert value["age"] in range(10)


def test_the_length_still_cuts(tiny: Make) -> None:
    [draw] = drawn(tiny("llama"), shaped(n=1, max_tokens=5))["a"].draws
    assert draw.finish == "length"
    assert '{"name":"Ada","age":0}'.startswith(draw.segment.text[:2])


def test_logps_are_the_models_own(tiny: Make) -> None:
    from nightschool.asks import Weigh, Weighed

    model = tiny("llama")
    [draw] = drawn(model, shaped(n=1))["a"].draws
    weighed = finish(model, [Weigh("w", START, (replace(draw.segment, logps=None),))])["w"]
    assert isinstance(weighed, Weighed)
    assert draw.segment.logps == pytest.approx(weighed.segments[0].logps, abs=1e-3)


def test_those_beside_it_are_drawn_as_if_alone(tiny: Make) -> None:
    plain = Propose("p", START, 4, Sampling(max_tokens=12), Noise((2,)))
    alone = drawn(tiny("llama"), plain)["p"].draws
    both = drawn(tiny("llama"), shaped(), plain)["p"].draws
    assert [draw.segment.tokens for draw in both] == [draw.segment.tokens for draw in alone]


def test_a_value_goes_on_where_it_was(tiny: Make) -> None:
    model = tiny("llama")
    begun = START.append(Segment('{"name":"Bo",'))
    for draw in drawn(model, shaped(prefix=begun))["a"].draws:
        assert json.loads('{"name":"Bo",' + draw.segment.text)["name"] == "Bo"
    with pytest.raises(UsageError, match="leaves the schema"):
        model.submit([shaped(prefix=START.append(Segment('{"size":')))])


def test_a_monologue_thinks_freely_and_answers_in_the_schema(tiny: Make) -> None:
    task = Task(Item("i", {}, None, "k"), START.prompt, Sampling(60, json_schema=SCHEMA))
    [trace] = Drive(tiny("llama")).run([Job(Monologue(tokens=8), task, Noise((3,)))])
    assert trace.errors == ()
    assert trace.best is not None
    assert json.loads(trace.best.answer).keys() == {"name", "age"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [("{", "no JSON schema"), ("[]", "no JSON schema"), ('{"type":"nonsense"}', "nonsense"), ('{"$ref":"#/no"}', "no")],
)
def test_what_is_no_schema_is_said_before_anything_runs(tiny: Make, schema: str, words: str) -> None:
    model = tiny("llama")
    with pytest.raises(UsageError, match=words):
        model.submit([shaped(json_schema=schema)])
    assert model.step().replies == ()

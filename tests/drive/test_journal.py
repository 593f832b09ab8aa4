import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.asks import Progress, Proposed
from nightschool.drive import Drive
from nightschool.drive.journal import trace_from_dict, trace_to_dict
from nightschool.errors import BadFile
from nightschool.items import Trace
from nightschool.models.scripted import Scripted
from support.jobs import STRATEGIES, digits, job


def trace(spec: str, seed: int = 1, tokens: int | None = None) -> Trace:
    return Drive(Scripted(rule=digits)).run([job(seed, spec, tokens)])[0]


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(STRATEGIES), st.integers(0, 10**6), st.none() | st.integers(1, 60))
def test_a_trace_read_back_equals_the_one_written(spec: str, seed: int, tokens: int | None) -> None:
    done = trace(spec, seed, tokens)
    text = json.dumps(trace_to_dict(done), allow_nan=False)
    assert trace_from_dict(json.loads(text)) == done


def test_impossible_tokens_survive_json() -> None:
    done = trace("single")
    thought = done.thoughts[0]
    segment = replace(thought.prefix.segments[0], tokens=(1,), logps=(-math.inf,))
    thought = replace(thought, prefix=replace(thought.prefix, segments=(segment,)), logp=-math.inf)
    done = replace(done, thoughts=(thought,), best=thought)
    assert trace_from_dict(json.loads(json.dumps(trace_to_dict(done), allow_nan=False))) == done


def test_what_a_model_notes_of_its_draws_is_in_the_trace_and_changes_nothing() -> None:
    class Noting(Scripted):
        def step(self) -> Progress:
            done = super().step()
            replies = (replace(r, note="few at once") if isinstance(r, Proposed) else r for r in done.replies)
            return replace(done, replies=tuple(replies))

    noted = Drive(Noting(rule=digits)).run([job(1, "beam:width=2,expand=2,split=comma")])[0]
    assert noted.notes == ("few at once",)
    assert trace_from_dict(trace_to_dict(noted)).notes == noted.notes
    plain = trace("beam:width=2,expand=2,split=comma")
    assert replace(noted, usage=plain.usage) == plain


def test_a_text_is_written_once() -> None:
    done = trace("beam:width=2,expand=2,split=tokens,step_tokens=1", seed=3)
    written = trace_to_dict(done)["thoughts"]
    assert max(len(thought["segments"]) for thought in written) <= 2


@pytest.mark.parametrize(
    "damage", [lambda d: d.pop("task"), lambda d: d["thoughts"][0].pop("answer"), lambda d: d.update(format=99)]
)
def test_damage_is_named(damage) -> None:
    data = trace_to_dict(trace("single"))
    damage(data)
    with pytest.raises(BadFile, match="trace"):
        trace_from_dict(data)


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    done = trace("single")
    strange = replace(done, thoughts=(replace(done.thoughts[0], value=object()),))
    with pytest.raises(TypeError, match="value of a thought"):
        trace_to_dict(strange)

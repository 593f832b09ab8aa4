from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nightschool.asks import Hidden, Read
from nightschool.critics.learning.taught import Taught
from nightschool.drive import Drive, Job
from nightschool.errors import BadFile, BadSpec
from nightschool.items import Noise, Prefix, Sampling, Segment, Usage, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.registry import make
from nightschool.think.value_head import ValueHead, beginnings
from support.jobs import digits
from support.thinking import Likes, task

ONES = tuple(40.0 if i == ord("1") % 32 else -40.0 if i in (ord("2") % 32, ord("3") % 32) else 0.0 for i in range(32))
"""Weights on the fake's features that like a text of ones."""


@pytest.fixture
def head(tmp_path: Path) -> str:
    Taught("hidden", ONES, 0.0, facts={"of": "beginnings"}).save(tmp_path / "head.json")
    return str(tmp_path / "head.json")


def test_what_it_says_is_a_chance(head: str) -> None:
    found = ValueHead.read(head)
    zero = found.value(Hidden("r", np.zeros(32, np.float32), Usage()))
    assert zero == 0.5
    assert found.value(Hidden("r", np.eye(32, dtype=np.float32)[ord("1") % 32], Usage())) > 0.99
    with pytest.raises(BadFile, match="states of 32 numbers"):
        found.value(Hidden("r", np.zeros(3, np.float32), Usage()))


def test_a_file_that_is_no_head_is_refused(tmp_path: Path) -> None:
    Taught("text", (1.0,), 0.0, ("a",)).save(tmp_path / "c.json")
    with pytest.raises(BadFile, match="no value head"):
        make("strategies", f"mcts:value=head,head={tmp_path / 'c.json'}")
    with pytest.raises(BadSpec, match="go together"):
        make("strategies", "mcts:value=head")


def twos(prompt: str, written: str) -> dict[str, float]:
    """Say digits with commas between, mostly twos."""
    said = digits(prompt, written)
    return {"1": 0.25, "2": 0.45, "3": 0.3} if "2" in said else said


@pytest.mark.parametrize(
    "spec", ["mcts:n=40,explore=0.2,split=comma,value=head,head={}", "beam:width=1,expand=8,split=comma,head={}"]
)
def test_a_search_goes_where_the_head_says_and_pays_no_tokens_for_it(spec: str, head: str) -> None:
    search = make("strategies", spec.format(head))
    assert make("strategies", search.spec) == search
    model = Scripted(rule=twos)
    of = task(sampling=Sampling(max_tokens=20))
    verifier = Likes(lambda answer: min(1.0, answer.count("1") / 9))
    jobs = [Job(search, of, Noise((seed,)), critics={"verifier": verifier}) for seed in range(8)]
    traces = Drive(model).run(jobs)
    plain = (
        "mcts:n=40,explore=0.2,split=comma,value=model"
        if spec.startswith("mcts")
        else "beam:width=1,expand=8,split=comma"
    )
    without = Drive(Scripted(rule=twos)).run([replace(job, search=make("strategies", plain)) for job in jobs])
    assert any(isinstance(ask, Read) for ask in model.asked)
    written = ["".join(thought.answer for t in found for thought in t.thoughts) for found in (traces, without)]
    ones = [text.count("1") / len(text) for text in written]
    assert ones[0] > 1.1 * ones[1]
    assert all(t.usage.weighed_tokens == 0 for t in traces)
    again = Drive(Scripted(rule=twos), max_live=2).run(jobs)
    assert [t.thoughts for t in again] == [t.thoughts for t in traces]


@pytest.mark.parametrize(
    "spec", ["mcts:n=6,split=comma,value=head,head={}", "beam:width=2,expand=2,split=comma,head={}"]
)
def test_a_model_without_states_is_an_error_that_ends_nothing(spec: str, head: str) -> None:
    model = Scripted(rule=digits, lacks=[Ability.HIDDEN])
    of = Job(make("strategies", spec.format(head)), task(sampling=Sampling(12)), Noise((0,)))
    (trace,) = Drive(model).run([of])
    assert trace.best is not None
    assert any("hidden" in error for error in trace.errors)


def test_beginnings_are_those_that_a_search_would_read() -> None:
    of = task(sampling=Sampling(max_tokens=20))
    critics = {"verifier": Likes(lambda answer: float(answer.startswith("1")))}
    (trace,) = Drive(Scripted(rule=digits)).run(
        [Job(make("strategies", "best-of-n:n=12"), of, Noise((0,)), critics=critics)]
    )
    found = beginnings([trace], "comma")
    assert found
    for one in found:
        assert one.prefix.text.endswith(", ")
        assert one.label.better == one.prefix.text
        assert one.label.wanted == one.prefix.text.startswith("1")
    inner = [t.prefix.text.removesuffix(", ").count(", ") for t in trace.thoughts]
    assert len(found) == sum(inner)
    assert max(inner) > 1


def test_what_was_not_judged_teaches_nothing() -> None:
    of = task(sampling=Sampling(max_tokens=20))
    (trace,) = Drive(Scripted(rule=digits)).run([Job(make("strategies", "vote:n=6"), of, Noise((0,)))])
    assert beginnings([trace], "comma") == []
    failed = tuple(replace(t, verdict=Verdict.failed("out of order")) for t in trace.thoughts)
    assert beginnings([replace(trace, thoughts=failed)], "comma") == []


def test_a_beginning_is_built_of_steps_and_their_ends() -> None:
    of = task()
    text = "12, 34, 5"
    trace_prefix = Prefix(of.prompt, (Segment(text),))
    from nightschool.think.value_head import _cuts

    cuts = _cuts(Prefix(of.prompt), text, (", ",))
    assert [[s.text for s in cut.segments] for cut in cuts] == [["12", ", "], ["12", ", ", "34", ", "]]
    assert trace_prefix.text.startswith(cuts[-1].text)

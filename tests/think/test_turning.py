from __future__ import annotations

import pytest

from nightschool.drive import Drive, Job
from nightschool.items import Sampling, Trace, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.turning import told, turn_of, versions
from support.thinking import NOISE, Likes, task


def trace(strategy: str, rule: object, right: str = "1") -> Trace:
    of = task(sampling=Sampling(max_tokens=4))
    critics = {"verifier": Likes(lambda answer: float(answer == right))}
    (found,) = Drive(Scripted(rule=rule)).run([Job(make("strategies", strategy), of, NOISE, critics=critics)])
    return found


def changing(first: str, again: str) -> object:
    """Return a model that says `first` to a plain question, and `again` to one with more in it."""

    def rule(prompt: str, written: str) -> dict[str, float]:
        if "Is that right?" in prompt.rpartition("user:")[2]:
            return {"": 1.0} if written else {"no": 1.0}
        if written.endswith("step by step."):
            return {"": 1.0}
        thought = prompt.count("assistant:") > 1 or "Answer:" in written
        said = again if thought else first
        return {"": 1.0} if written.endswith(said) else {said: 1.0}

    return rule


@pytest.mark.parametrize(
    ("first", "again", "turn"), [("1", "1", "kept"), ("2", "1", "mended"), ("1", "2", "broken"), ("2", "3", "missed")]
)
@pytest.mark.parametrize("strategy", ["revise:rounds=1,by=self", "monologue:tokens=4,draft=true"])
def test_what_became_of_the_draft(strategy: str, first: str, again: str, turn: str) -> None:
    found = trace(strategy, changing(first, again))
    assert [v.answer for v in versions(found)] == [first, again]
    assert turn_of(found, lambda answer: Verdict.of(answer == "1")) == turn


def test_the_verifier_mends_and_never_breaks() -> None:
    found = trace("revise:rounds=3", changing("2", "1"))
    verdicts = {thought.answer: thought.verdict for thought in found.thoughts}
    assert turn_of(found, verdicts.get) == "mended"
    assert turn_of(trace("revise:rounds=3", changing("1", "2")), verdicts.get) is None  # the draft passed: no other


def test_where_nothing_was_revised_or_nobody_can_tell_there_is_no_turn() -> None:
    assert versions(trace("best-of-n:n=2", changing("1", "1"))) == ()
    found = trace("revise:rounds=1,by=self", changing("2", "1"))
    assert turn_of(found, lambda answer: None) is None
    assert turn_of(found, lambda answer: Verdict.failed("out of order")) is None
    assert told([None]) == ""


def test_self_criticism_is_kept_beside_the_version() -> None:
    found = trace("revise:rounds=2,by=self", changing("2", "1"))
    assert [thought.value for thought in found.thoughts] == ["no", "no", None]
    assert found.best == found.thoughts[-1]
    assert found.usage.judgements == 0

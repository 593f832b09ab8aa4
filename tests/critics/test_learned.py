from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nightschool.asks import Hidden, Read
from nightschool.critics.consulting import Consults
from nightschool.critics.judging import judge
from nightschool.critics.learned import LearnedStates, LearnedText, learned
from nightschool.critics.learning.taught import Taught
from nightschool.critics.lm_judge import LmJudge
from nightschool.errors import BadSpec
from nightschool.items import Item, Usage
from nightschool.registry import make

ITEM = Item("i", {"q": "say it"}, "secret", "k")
POLITE = Taught("text", (20.0,), -3.0, ("w please",))


def test_a_file_of_text_judges_by_itself(tmp_path: Path) -> None:
    POLITE.save(tmp_path / "c.json")
    critic = make("critics", f"learned:path={tmp_path / 'c.json'}")
    assert isinstance(critic, LearnedText)
    kind, rude = judge(critic, ITEM, "open please"), judge(critic, ITEM, "open now")
    assert kind.passed
    assert not rude.passed
    assert rude.feedback
    assert 0 < rude.score < 0.5 < kind.score < 1
    assert POLITE.id[:8] in critic.name
    assert learned(str(tmp_path / "c.json"), pass_at=0.0).judge(ITEM, "open now").passed


def test_each_kind_of_file_makes_its_critic(tmp_path: Path) -> None:
    for taught, kind in (
        (Taught("hidden", (1.0, 0.0), 0.0, identity="m", layer=2), LearnedStates),
        (Taught("judge", (0.5,), 1.0, identity="m", question="Polite?"), LmJudge),
    ):
        taught.save(tmp_path / "c.json")
        critic = learned(str(tmp_path / "c.json"))
        assert isinstance(critic, kind)
        assert isinstance(critic, Consults)
        assert critic.identity == "m"
        failed = judge(critic, ITEM, "x")
        assert failed.error is not None
        assert "asks a model before it judges" in failed.error


def test_states_are_read_behind_the_answer_and_make_the_verdict() -> None:
    critic = LearnedStates(Taught("hidden", (1.0, 0.0), -1.0, layer=2))
    ask = critic.consult(ITEM, "yes")
    assert isinstance(ask, Read)
    assert ask.layer == 2
    assert str(ask.prefix.prompt).index("say it") < str(ask.prefix.prompt).index("yes")
    good = critic.conclude(ITEM, "yes", Hidden("r", np.array([3.0, 9.0], np.float32), Usage()))
    assert good.passed
    assert good.score == pytest.approx(1 / (1 + np.exp(-2)))
    with pytest.raises(ValueError, match="states of 2 numbers"):
        critic.conclude(ITEM, "yes", Hidden("r", np.zeros(3, np.float32), Usage()))


def test_a_threshold_that_is_none_is_refused(tmp_path: Path) -> None:
    POLITE.save(tmp_path / "c.json")
    with pytest.raises(BadSpec, match="from 0 to 1"):
        make("critics", f"learned:path={tmp_path / 'c.json'},pass_at=7")

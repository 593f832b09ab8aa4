from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from nightschool.asks import Weigh, Weighed
from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.learn import answers_of, learn_judge
from nightschool.critics.lm_judge import LmJudge, odds_of
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Prompt, Sampling, Segment, Split, Task, Usage
from nightschool.models.resolve import open_model
from nightschool.ports import Model
from nightschool.registry import make
from nightschool.worlds.open import open_world

ITEM = Item("i", {"q": "6 x 7?"}, "42", "k")


def weighed(yes: float | None, no: float | None) -> Weighed:
    def segment(text: str, logp: float | None) -> Segment:
        return Segment(text, (1,), None if logp is None else (logp,))

    return Weighed("w", (segment(" Yes", yes), segment(" No", no)), ((0,), (1,)), Usage())


def test_it_weighs_yes_against_no_behind_the_question() -> None:
    critic = make("critics", "lm-judge:question=Is it a number?")
    ask = critic.consult(ITEM, "42")
    assert isinstance(ask, Weigh)
    assert [c.text for c in ask.continuations] == [" Yes", " No"]
    text = str(ask.prefix.prompt)
    assert text.index("6 x 7?") < text.index("42") < text.index("Is it a number?")
    verdict = critic.conclude(ITEM, "42", weighed(math.log(0.3), math.log(0.1)))
    assert verdict.score == pytest.approx(0.75)
    assert verdict.passed
    low = critic.conclude(ITEM, "42", weighed(-50.0, -0.1))
    assert not low.passed
    assert low.feedback


def test_what_labels_have_taught_changes_how_its_word_is_read() -> None:
    labels = [
        Label({"q": str(i)}, "yes" if i % 2 else "no", wanted=bool(i % 2)) for i in range(40)
    ]  # it says yes to all, a little more so where it should
    odds = np.array([4.0 + (0.5 if label.wanted else -0.5) for label in labels])
    taught = learn_judge(labels, odds, identity="m", question="Right?")
    critic = LmJudge.calibrated(taught)
    assert critic.conclude(ITEM, "x", weighed(4.5, 0.0)).passed
    assert not critic.conclude(ITEM, "x", weighed(3.5, 0.0)).passed
    assert (critic.question, critic.identity) == ("Right?", "m")


@pytest.mark.parametrize(("yes", "no"), [(None, -1.0), (-math.inf, -math.inf)])
def test_a_model_that_tells_nothing_is_an_error(yes: float | None, no: float | None) -> None:
    with pytest.raises(ValueError, match="no probability of yes and no"):
        odds_of(weighed(yes, no))


def test_an_empty_question_is_refused() -> None:
    with pytest.raises(BadSpec, match="question is what to ask"):
        LmJudge("  ")


@pytest.fixture(scope="module")
def smollm2() -> Iterator[Model]:
    model = open_model("smollm2")
    yield model
    model.close()


@pytest.mark.slow
def test_a_real_model_judges_in_a_search_and_is_calibrated_on_practice_items(smollm2: Model) -> None:
    world = open_world("arithmetic:digits=1,steps=1")
    items = world.items(Split.PRACTICE, 10)
    labels = []
    for item in items:
        wrong = str(int(item.target or 0) + 7)
        labels += [
            Label(item.inputs, str(item.target), key=item.key),
            Label(item.inputs, wrong, wanted=False, key=item.key),
        ]
    critic = LmJudge()
    asks = [critic.consult(label.item(), answer) for label, answer in answers_of(labels)]
    smollm2.submit([replace(ask, id=str(i)) for i, ask in enumerate(asks)])
    replies = {}
    while len(replies) < len(asks):
        replies |= {reply.id: reply for reply in smollm2.step().replies}
    odds = np.array([odds_of(replies[str(i)]) for i in range(len(asks))])
    taught = learn_judge(labels, odds, identity=smollm2.identity, question=critic.question)
    assert taught.held_out is not None
    (item,) = items[:1]
    task = Task(item, Prompt(text=f"{item.inputs}\nAnswer:"), Sampling(4))
    job = Job(make("strategies", "best-of-n:n=3"), task, Noise((0,)), critics={"verifier": LmJudge.calibrated(taught)})
    (trace,) = Drive(smollm2).run([job])
    assert trace.best is not None
    assert trace.best.verdict is not None
    assert trace.errors == ()
    assert 0 < trace.best.verdict.score < 1
    assert trace.usage.weighed_tokens >= 2

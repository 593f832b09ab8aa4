"""The model as its own judge: how likely is `Yes` when it is asked whether an answer is right.

    lm-judge                             asks "Is this answer right?", and takes its word
    lm-judge:question=Is it polite?      another question
    learned:path=FILE                    the same, read as labels have taught to read it (`nightschool label`)

A model's own probability is rarely that of being right; the log-odds are, up to two numbers, and those are fitted on
labels of practice items. Ref: kadavath2022 (P(True)); platt1999; zheng2023.
"""

from __future__ import annotations

import math

from nightschool.asks import ModelAsk, ModelReply, Weigh, Weighed
from nightschool.critics.consulting import Consults
from nightschool.critics.learning.taught import Taught
from nightschool.critics.parameters import share
from nightschool.critics.texts.case import case_prefix
from nightschool.errors import BadSpec
from nightschool.items import Item, Segment, Verdict
from nightschool.ports import Ability, Sight

QUESTION = "Is this answer right?"
_YES, _NO = Segment(" Yes"), Segment(" No")


class LmJudge(Consults):
    """Passed from a probability of yes of `pass_at` on, which is the score. Yes and no are weighed, nothing is sampled.

    question: put behind the question and the answer, one line. Raises BadSpec.
    """

    sight = Sight.VERIFIER
    needs = Ability.WEIGH

    def __init__(self, question: str = QUESTION, pass_at: float = 0.5) -> None:
        if not isinstance(question, str) or not question.strip():
            raise BadSpec("lm-judge: question is what to ask about an answer; type question=Is this answer right?")
        self.question, self.pass_at = question.strip(), share(pass_at, "pass_at", "lm-judge")
        self.slope, self.offset = 1.0, 0.0
        self.name = "lm-judge" if self.question == QUESTION else f"lm-judge:question={self.question}"

    @classmethod
    def calibrated(cls, taught: Taught, pass_at: float = 0.5, name: str = "learned") -> LmJudge:
        """Return the judge whose log-odds are read as labels have taught."""
        judge = cls(taught.question, pass_at)
        (judge.slope,), judge.offset = taught.weights, taught.bias
        judge.name, judge.identity = f"{name}#{taught.id[:8]}", taught.identity
        return judge

    def consult(self, item: Item, answer: str) -> ModelAsk:
        """Return the weighing of yes and no."""
        behind = f"\n{self.question} Yes or No?\nJudgement:"
        return Weigh("case", case_prefix(item, answer, behind), (_YES, _NO))

    def conclude(self, item: Item, answer: str, reply: ModelReply) -> Verdict:
        """Return the verdict. Raises ValueError where the model told no log-probabilities."""
        odds = self.slope * odds_of(reply) + self.offset
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
        passed = chance >= self.pass_at
        return Verdict(chance, passed, "" if passed else f"{self.question} The judge says no.")


def odds_of(reply: ModelReply) -> float:
    """Return the log-odds of yes against no. Raises ValueError where the model told none."""
    assert isinstance(reply, Weighed)
    yes, no = (segment.logp for segment in reply.segments)
    if yes is None or no is None or not (math.isfinite(yes) or math.isfinite(no)):
        raise ValueError(f"the model told no probability of yes and no: {yes} and {no}")
    return max(-60.0, min(60.0, yes - no))

"""A critic learned from examples of wanted and unwanted answers: `learned:path=FILE`.

`nightschool label` writes such files. One of text judges by itself; one of hidden states asks the model first, so it
judges in searches alone, in the batches and the budget of what else they ask.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nightschool.asks import Hidden, ModelAsk, ModelReply, Read
from nightschool.critics.compose import Combines
from nightschool.critics.consulting import Consults
from nightschool.critics.learning.logistic import sigmoid
from nightschool.critics.learning.taught import Taught, read_taught
from nightschool.critics.learning.traits import matrix, traits
from nightschool.critics.lm_judge import LmJudge
from nightschool.critics.parameters import share
from nightschool.critics.texts.case import case_prefix
from nightschool.items import Item, Verdict
from nightschool.ports import Ability, Critic, Sight


def learned(path: str, pass_at: float = 0.5) -> Critic:
    """Return the critic in the file `path`; it passes answers from the probability `pass_at` on. Raises BadFile."""
    taught = read_taught(path)
    name, pass_at = f"learned:path={Path(path).name}", share(pass_at, "pass_at", "learned")
    if taught.features == "text":
        return LearnedText(taught, pass_at, name)
    if taught.features == "hidden":
        return LearnedStates(taught, pass_at, name)
    return LmJudge.calibrated(taught, pass_at, name)


class LearnedText(Combines):
    """Judges what an answer looks like. score: the probability that it is wanted."""

    sight = Sight.VERIFIER

    def __init__(self, taught: Taught, pass_at: float = 0.5, name: str = "learned") -> None:
        self.taught, self.pass_at, self.name = taught, pass_at, f"{name}#{taught.id[:8]}"

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict."""
        odds = self.taught.odds(matrix([traits(item, answer)], self.taught.names))
        return wanted(float(sigmoid(odds)[0]), self.pass_at)


class LearnedStates(Consults):
    """Judges by the model's hidden state at the end of the question and the answer."""

    sight = Sight.VERIFIER
    needs = Ability.HIDDEN

    def __init__(self, taught: Taught, pass_at: float = 0.5, name: str = "learned") -> None:
        self.taught, self.pass_at, self.name = taught, pass_at, f"{name}#{taught.id[:8]}"
        self.identity = taught.identity

    def consult(self, item: Item, answer: str) -> ModelAsk:
        """Return the reading of the case."""
        return Read("case", case_prefix(item, answer), self.taught.layer)

    def conclude(self, item: Item, answer: str, reply: ModelReply) -> Verdict:
        """Return the verdict. Raises ValueError for states of another size."""
        assert isinstance(reply, Hidden)
        state = np.asarray(reply.state, dtype=np.float64)
        if state.shape != (len(self.taught.weights),):
            raise ValueError(
                f"it learned from states of {len(self.taught.weights)} numbers and this model's have {state.size}"
            )
        return wanted(float(sigmoid(self.taught.odds(state[None, :]))[0]), self.pass_at)


def wanted(chance: float, pass_at: float) -> Verdict:
    """Return the verdict of a probability."""
    return Verdict(chance, chance >= pass_at, "" if chance >= pass_at else "This is not what is wanted.")

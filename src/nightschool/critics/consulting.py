"""Critics that ask the model before they judge: what they ask travels in the batches and budgets of the search."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nightschool.asks import ModelAsk, ModelReply, Refused
from nightschool.critics.judging import failed, settled
from nightschool.errors import StopRequested
from nightschool.items import Item, Verdict
from nightschool.ports import Ability, Consulting, Sight


class Consults(ABC):
    """A critic that keeps the port `Consulting`. identity: of the model that it was made with, where it was."""

    name: str
    sight: Sight
    needs: Ability
    identity: str = ""
    timeout_s: float | None = None

    @abstractmethod
    def consult(self, item: Item, answer: str) -> ModelAsk:
        """Return what it asks the model."""

    @abstractmethod
    def conclude(self, item: Item, answer: str, reply: ModelReply) -> Verdict:
        """Return the verdict that `reply` leads to."""

    def judge(self, item: Item, answer: str) -> Verdict:
        """Raise RuntimeError: there is no model here."""
        raise RuntimeError(f"{self.name} asks a model before it judges, so it judges in searches alone, and by itself")


def ask_of(critic: Consulting, item: Item, answer: str) -> ModelAsk | Verdict:
    """Return what `critic` asks about an answer, or an error verdict where it raised."""
    try:
        return critic.consult(item.blind(), answer)
    except (KeyboardInterrupt, StopRequested):
        raise
    except Exception as error:
        return failed(critic, item, answer, f"{type(error).__name__}: {error}")


def verdict_of(critic: Consulting, item: Item, answer: str, reply: ModelReply) -> Verdict:
    """Return what `critic` makes of `reply`, or an error verdict where it raised or was refused an answer."""
    if isinstance(reply, Refused):
        return failed(critic, item, answer, f"it asked the model, and was refused: {reply.reason}")
    try:
        return settled(critic, item, answer, critic.conclude(item.blind(), answer, reply))
    except (KeyboardInterrupt, StopRequested):
        raise
    except Exception as error:
        return failed(critic, item, answer, f"{type(error).__name__}: {error}")

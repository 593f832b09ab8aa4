"""Planning as inference: which actions explain that the goal was reached?

The program acts by `decide`: a choice whose probabilities are a policy's, for the situation that the agent sees. Given
the goal, the posterior over actions in a situation, divided by the policy that made them, is how likely the goal is
after each action: its value. The policy moves towards the better ones, and is asked again, until it is sure. Because a
value is an average over everything that chance may do afterwards, no plan counts on luck.
Refs: toussaint2006; botvinick2012.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.generative import Call, Given
from nightschool.society.infer import Posterior, infer
from nightschool.society.infer.infer import THOUSAND, Scheduler
from nightschool.society.primitives import categorical


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """What to do in which situation. logits[situations, actions]; all zero: anything."""

    logits: torch.Tensor

    @classmethod
    def idle(cls, situations: int, actions: int) -> Policy:
        """Return the policy that does anything anywhere."""
        return cls(torch.zeros(situations, actions, dtype=torch.float64))

    def decide(self, situation: torch.Tensor) -> Call:
        """Return the call that chooses an action in `situation` [n], whole numbers below the number of situations."""
        return categorical(self.logits[situation])

    def greedy(self) -> Policy:
        """Return the policy that always does the likeliest."""
        best = self.logits.argmax(1)
        return Policy(torch.full_like(self.logits, -1e9).scatter(1, best[:, None], 0.0))


class Episode(Protocol):
    """A model of what happens under a policy."""

    def __call__(self, policy: Policy) -> Call:
        """Return the call of one episode. Every decision at step t is made by `policy.decide` at `act{t}`, and the
        situation that it was made in is a choice at `situation{t}`."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What planning came to. policy: as it became sure; goal: log-probability of the goal under it, at each round."""

    policy: Policy
    goal: tuple[float, ...] = field(default=())


def plan(
    episode: Episode,
    goal: Given,
    policy: Policy,
    noise: Noise,
    rounds: int = 12,
    boldness: float = 4.0,
    by: Scheduler = THOUSAND,
    fade: float = 0.6,
) -> Plan:
    """Return a policy that makes `goal` likely, found in `rounds` inferences of what led to it.

    boldness: how far one round moves towards what did better; it doubles until the end, so that near ties are settled
    late, when the future is played well. Raises UsageError where the program decides nothing, ModelError where no run
    reaches the goal.
    """
    reached: list[float] = []
    seen = torch.zeros_like(policy.logits)
    value = torch.zeros_like(policy.logits)
    for number in range(rounds):
        posterior = infer(episode(policy), goal, noise.child("round", number), by)
        reached.append(posterior.log_z)
        tried, led = _counts(posterior, policy)
        # what earlier rounds saw fades, for it was seen under a worse future
        seen, value = fade * seen + tried, fade * value + led
        odds = (value + 1e-3) / (seen + 1e-3)
        best = odds.max(1, keepdim=True).values
        step = boldness * 2 ** (6 * number / max(rounds - 1, 1)) * (odds / best - 1)
        enough = seen.sum(1, keepdim=True) > 0
        wander = 0.6 * (1 - number / rounds)
        fresh = torch.log(wander / policy.logits.shape[1] + (1 - wander) * torch.softmax(step, 1))
        policy = Policy(torch.where(enough, fresh, policy.logits))
    return Plan(policy.greedy(), tuple(reached))


def _counts(posterior: Posterior, policy: Policy) -> tuple[torch.Tensor, torch.Tensor]:
    """Return how often each action was tried in each situation, and how much of the goal it led to."""
    trace, weights = posterior.trace, torch.exp(posterior.logw - posterior.logw.max())
    tried, led = torch.zeros_like(policy.logits), torch.zeros_like(policy.logits)
    decisions = [address for address in trace.addresses() if address.startswith("act")]
    if not decisions:
        raise UsageError(f"{trace.model.name} decides nothing: it makes no choice at act0")
    for address in decisions:
        part = trace.part(address)
        place = (trace["situation" + address[len("act") :]], part.value)
        rows = weights if part.rows is None else weights[part.rows]
        tried = tried.index_put(place, torch.ones_like(rows), accumulate=True)
        led = led.index_put(place, rows, accumulate=True)
    return tried, led

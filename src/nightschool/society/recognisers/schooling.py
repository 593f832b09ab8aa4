"""What a recogniser learns from: dreams, which are runs of the model, and replays, which are runs that searches kept.

Dreams cover what the model can imagine; replays cover what was really met, where dreams may be rare. Both are the same
lesson: what was chosen, given what was seen. Ref: hinton1995 (dreams teach recognition); hewitt2020 (replays beside).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society import columns
from nightschool.society.generative import Call, Trace
from nightschool.society.lanes import Lanes
from nightschool.society.recognisers.recogniser import Recogniser

Batch = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Where lessons come from. call: what dreams are runs of; replays: equally weighted runs (`Posterior.resampled`) of
    it or of the same choices; share: of each batch that is replayed, where there is anything to replay."""

    call: Call
    replays: Sequence[Trace] = ()
    share: float = 0.5

    def batch(self, n: int, lanes: Lanes) -> Batch:
        """Return n lessons: choices by address, what is seen among them."""
        kept = int(self.share * n) if self.replays else 0
        dreamt = self.call.model.simulate(self.call.args, Lanes(lanes.noise, lanes.index[: n - kept])).choices()
        if not kept:
            return dreamt
        old = [trace.choices() for trace in self.replays]
        pool = {a: torch.cat([one[a] for one in old]) for a in dreamt if all(a in one for one in old)}
        if missing := dreamt.keys() - pool.keys():
            raise UsageError(f"a replay lacks the choice {sorted(missing)[0]!r}; replay runs of the same model")
        rows = (lanes.child("replay").uniform()[:kept] * len(next(iter(pool.values())))).long()
        return {a: torch.cat([value, columns.take(pool[a], rows).to(value.dtype)]) for a, value in dreamt.items()}


def teach(
    recogniser: Recogniser,
    lessons: Lessons,
    noise: Noise,
    *,
    steps: int = 500,
    batch: int = 128,
    rate: float = 2e-3,
    going_on: Callable[[int, float], bool] = lambda step, loss: True,
) -> list[float]:
    """Return the loss of each step, in nats, after teaching `recogniser` for `steps` of Adam, the rate falling to 0.

    going_on: asked after each step with its number and loss; teaching ends where it says no. The same lessons and
    noise give the same weights.
    """
    climber = torch.optim.Adam(recogniser.module.parameters(), lr=rate)
    fall = torch.optim.lr_scheduler.LambdaLR(climber, lambda step: min(1.0, (step + 1) / 20) * (1 - step / steps))
    losses = []
    for step in range(steps):
        told = lessons.batch(batch, Lanes.of(noise.child(step), batch))
        loss = recogniser.loss(told).mean()
        climber.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(recogniser.module.parameters(), 10.0)
        climber.step()
        fall.step()
        losses.append(float(loss.detach()))
        if not going_on(step, losses[-1]):
            break
    return losses

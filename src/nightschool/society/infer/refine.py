"""Climbing to the best explanation nearby, by the gradient of the joint log-probability."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nightschool.items import Noise
from nightschool.society.generative import Trace
from nightschool.society.infer.latents import Latents
from nightschool.society.lanes import Lanes
from nightschool.society.traces import pick


def refine(trace: Trace, steps: int = 50, rate: float = 0.05, only: Sequence[str] | None = None) -> Trace:
    """Return each run at the best place found on `steps` steps of Adam uphill, never worse than where it began.

    only: addresses that may move; all free continuous choices where None. What is best is the joint log-probability
    in the choices' own units, so that bounds and scales of the walk make no difference. Ref: kingma2015.
    """
    latents, lanes = Latents.of(trace, only), Lanes.of(Noise(("refine",)), len(trace))
    at = latents.read(trace).detach().requires_grad_(True)
    climber = torch.optim.Adam([at], lr=rate, betas=(0.9, 0.95))
    best = trace
    for _ in range(steps + 1):
        moved, _ = latents.written(trace, at, lanes)
        best = pick(moved.logp.detach() > best.logp, moved.detached(), best)
        climber.zero_grad()
        (-moved.logp.nan_to_num(neginf=0.0).sum()).backward()
        climber.step()
    return best

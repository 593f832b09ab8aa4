"""Generative models with exact answers, for the tests of the society."""

from __future__ import annotations

import math

import numpy as np
import torch

from nightschool.society.primitives import bernoulli, categorical, normal
from nightschool.society.program import program

PRIOR = torch.tensor([0.6, 0.4], dtype=torch.float64)
STAY = torch.tensor([[0.8, 0.2], [0.3, 0.7]], dtype=torch.float64)
SHOW = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], dtype=torch.float64)
SEEN = (0, 2, 2, 1, 0, 2, 2, 1)


@program
def sprinkler():
    rain = yield "rain", bernoulli(0.2)
    on = yield "on", bernoulli(torch.where(rain, 0.01, 0.4))
    wet = yield "wet", bernoulli(0.05 + 0.85 * (rain | on).double())
    return wet


def sprinkler_exactly(wet: bool) -> dict[tuple[bool, bool], float]:
    """Return the joint probability of (rain, on) and `wet`."""
    joint = {}
    for rain in (False, True):
        for on in (False, True):
            p_on, p_wet = (0.01 if rain else 0.4), 0.05 + 0.85 * (rain or on)
            joint[rain, on] = (
                (0.2 if rain else 0.8) * (p_on if on else 1 - p_on) * (p_wet if wet else 1 - p_wet)
            )  # fmt: skip
    return joint


@program
def hidden_markov(steps):
    state = yield "s0", categorical(PRIOR.log())
    yield "o0", categorical(SHOW.log()[state])
    for t in range(1, steps):
        state = yield f"s{t}", categorical(STAY.log()[state])
        yield f"o{t}", categorical(SHOW.log()[state])
    return state


def forward_exactly(seen=SEEN) -> tuple[float, np.ndarray]:
    """Return log p(seen) and the probability of the last state, by the forward algorithm."""
    alpha, total = PRIOR.numpy() * SHOW.numpy()[:, seen[0]], 0.0
    for symbol in seen[1:]:
        total += math.log(alpha.sum())
        alpha = (alpha / alpha.sum()) @ STAY.numpy() * SHOW.numpy()[:, symbol]
    return total + math.log(alpha.sum()), alpha / alpha.sum()


@program
def random_walk(steps):
    x = yield "x0", normal(0.0, 1.0)
    yield "y0", normal(x, 0.5)
    for t in range(1, steps):
        x = yield f"x{t}", normal(0.9 * x, 0.4)
        yield f"y{t}", normal(x, 0.5)
    return x


WALKED = (0.3, 0.9, 1.4, 0.8, 0.2, -0.5, -0.7)


def kalman_exactly(seen=WALKED) -> tuple[float, float, float]:
    """Return log p(seen) and the mean and variance of the last state, by the Kalman filter."""
    mean, var, total = 0.0, 1.0, 0.0
    for t, y in enumerate(seen):
        if t:
            mean, var = 0.9 * mean, 0.81 * var + 0.16
        spread = var + 0.25
        total += -0.5 * math.log(2 * math.pi * spread) - (y - mean) ** 2 / (2 * spread)
        gain = var / spread
        mean, var = mean + gain * (y - mean), (1 - gain) * var
    return total, mean, var


@program
def line():
    slope = yield "slope", normal(0.0, 1.0)
    offset = yield "offset", normal(0.0, 1.0)
    at = torch.tensor([[-1.0, -0.5, 0.0, 0.5, 1.0]], dtype=torch.float64)
    yield "seen", normal(slope[:, None] * at + offset[:, None], 0.3)


SEEN_LINE = (-0.9, -0.2, 0.4, 0.6, 1.5)


def line_exactly() -> tuple[np.ndarray, np.ndarray, float]:
    """Return the posterior mean and covariance of (slope, offset), and log p(seen)."""
    design = np.stack([np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), np.ones(5)], 1)
    precision = np.eye(2) + design.T @ design / 0.09
    cov = np.linalg.inv(precision)
    mean = cov @ design.T @ np.array(SEEN_LINE) / 0.09
    whole = design @ design.T + 0.09 * np.eye(5)
    _, logdet = np.linalg.slogdet(2 * np.pi * whole)
    y = np.array(SEEN_LINE)
    return mean, cov, float(-0.5 * (logdet + y @ np.linalg.solve(whole, y)))

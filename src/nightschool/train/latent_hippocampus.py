"""A hippocampus in the latent space of a language model: it is told each event as the model's hidden state of it.

It foretells, as `hippocampus` does, whether reward will come; but words that the model takes for alike are alike to it,
also words that no memory had before. Ref: cho2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.train.scratch import Schooling

SPAN = 8
"""events that are told together, the last being the one that is asked about"""
FELT = ("good", "bad", "plain")
_HIDDEN, _BATCH = 48, 64


class LatentHippocampus:
    """Foretells for each event of a stream whether reward comes soon. width: of the states; seed: of its weights."""

    def __init__(self, width: int, *, seed: int = 0) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._module = torch.nn.ModuleDict({
                "look": torch.nn.Sequential(torch.nn.Linear(width, _HIDDEN), torch.nn.Dropout(0.1)),
                "feel": torch.nn.Embedding(len(FELT) + 1, _HIDDEN),
                "loop": torch.nn.GRU(_HIDDEN, _HIDDEN, batch_first=True),
                "say": torch.nn.Linear(_HIDDEN, 1),
            })  # fmt: skip
        self._middle, self._spread = torch.zeros(width), torch.ones(width)

    def learn(self, states: Any, felt: Sequence[str], soon: Sequence[bool], schooling: Schooling) -> list[float]:
        """Return the loss of each step, nats, after learning a stream, oldest first.

        states[n, width]: of the events; felt: what each brought, one of `FELT`; soon: whether a reward came after it.
        The same stream and seed give the same weights. Raises UsageError for an empty stream.
        """
        if not len(felt):
            raise UsageError("a hippocampus needs experiences to learn from")
        seen = torch.as_tensor(states).float()
        self._middle, self._spread = seen.mean(0), seen.std(0).clamp_min(1e-6)
        windows, feelings = self._told(seen, felt)
        truth = torch.tensor(list(soon)).float()
        climber = torch.optim.AdamW(self._module.parameters(), lr=schooling.rate, weight_decay=schooling.decay)
        dice = torch.Generator().manual_seed(schooling.seed)
        losses: list[float] = []
        self._module.train()
        with torch.random.fork_rng():
            torch.manual_seed(schooling.seed)
            for step in range(schooling.steps):
                for group in climber.param_groups:
                    group["lr"] = schooling.rate_at(step)
                rows = torch.randint(len(truth), (_BATCH,), generator=dice)
                odds = self._odds(windows[rows], feelings[rows])
                loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, truth[rows])
                climber.zero_grad()
                loss.backward()
                climber.step()
                losses.append(float(loss.detach()))
        return losses

    def foretell(self, states: Any, felt: Sequence[str]) -> list[float]:
        """Return for each event of a stream the probability in [0, 1] that reward comes soon.

        What an event itself brought is not looked at, nor anything after it.
        """
        self._module.eval()
        with torch.no_grad():
            windows, feelings = self._told(torch.as_tensor(states).float(), felt)
            found: list[float] = torch.sigmoid(self._odds(windows, feelings)).tolist()
        return found

    def _told(self, states: torch.Tensor, felt: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return states [n, span, width] and feelings [n, span] of each event behind the ones before it."""
        states = (states - self._middle) / self._spread
        numbers = torch.tensor([FELT.index(one) for one in felt])
        at = torch.arange(len(states))[:, None] + torch.arange(1 - SPAN, 1)
        there = at >= 0
        windows = states[at.clamp_min(0)] * there[..., None]
        feelings = torch.where(there, numbers[at.clamp_min(0)], FELT.index("plain"))
        feelings[:, -1] = len(FELT)  # not known yet
        return windows, feelings

    def _odds(self, windows: torch.Tensor, feelings: torch.Tensor) -> torch.Tensor:
        told = self._module["look"](windows) + self._module["feel"](feelings)
        said: torch.Tensor = self._module["say"](self._module["loop"](told)[0][:, -1])[:, 0]
        return said

"""What is trained and how fast: a rule for everything that a user does not want to choose."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from nightschool.errors import UsageError

_RATE, _HIDDEN = 7e-4, 576  # measured on a model of this hidden size: verified answers of one task, batches of 16


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """How LoRA is trained (hu2021): low-rank updates of every linear layer, the output layer excepted.

    rank: of the update; alpha: the update is scaled by alpha / rank, and alpha stays 32 whatever the rank, which makes
    the best rate nearly independent of it (schulman2025); rate: of AdamW, None for `rate_for(hidden size)`;
    warmup_steps: the rate rises linearly over so many steps, then stays; clip: largest norm of the gradient;
    weight_decay: of AdamW; micro_tokens: most tokens, padding included, that are held at once, on a CPU by two passes
    side by side (for a model of 135 million parameters in float32 each takes 2 MB, so 1,536 take 3 GB; what does not
    fit comes in the next pass); share_prefix: compute a beginning that lessons share once (the same gradient, less
    work); anchored: learn what is rehearsed as the old self's whole distribution, not as the tokens that it drew (see
    `train.anchor`); recompute: gradient checkpointing (see `train.recompute`), for models whose steps do not fit into
    memory.
    """

    rank: int = 16
    alpha: int = 32
    rate: float | None = None
    warmup_steps: int = 4
    clip: float = 1.0
    weight_decay: float = 0.0
    micro_tokens: int = 1536
    share_prefix: bool = True
    anchored: bool = True
    recompute: bool = False

    def __post_init__(self) -> None:
        if self.rank < 1 or self.alpha <= 0 or self.clip <= 0 or self.micro_tokens < 1:
            raise UsageError(f"rank, alpha, clip and micro_tokens are above 0, not as in {self}")
        if (self.rate is not None and not self.rate > 0) or self.warmup_steps < 0 or self.weight_decay < 0:
            raise UsageError(f"the rate is above 0, warm-up and decay are not below 0, not as in {self}")

    def rate_at(self, step: int, hidden: int) -> float:
        """Return the learning rate of `step`, counted from 0, for a model of this hidden size."""
        rate = rate_for(hidden) if self.rate is None else self.rate
        return rate * min(1.0, (step + 1) / (self.warmup_steps + 1))

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can write them."""
        return asdict(self)


def rate_for(hidden: int) -> float:
    """Return the rate for a model of `hidden` size: 7e-4 at 576, falling with its square root.

    It gives 2.6e-4 at 4096, close to the 2e-4 that is customary there (dettmers2023).

    >>> round(rate_for(576), 6), round(rate_for(4096), 6)
    (0.0007, 0.000263)
    """
    return _RATE * math.sqrt(_HIDDEN / hidden)

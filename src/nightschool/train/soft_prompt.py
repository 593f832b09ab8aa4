"""Prompt tuning: some embeddings in front of every prompt learn, and nothing else does (lester2021).

The learned rows are tokens of their own behind the vocabulary, so that the engine shares, forks and keeps them like
any other beginning of a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from nightschool.models.local.model import LocalModel


class SoftEmbedding(torch.nn.Module):
    """The embedding `base` with learned `rows`[n, d] behind its vocabulary, as tokens `first` to `first + n - 1`."""

    def __init__(self, base: Any, rows: torch.Tensor) -> None:
        super().__init__()
        self.base, self.rows = base, torch.nn.Parameter(rows)
        self.first = int(base.num_embeddings)

    @property
    def weight(self) -> Any:
        """Return the rows of the vocabulary: what an output layer may be tied to."""
        return self.base.weight

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the tokens that the learned rows are."""
        return tuple(range(self.first, self.first + len(self.rows)))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return [..., d] for token ids [...]."""
        soft = ids >= self.first
        plain: torch.Tensor = self.base(ids.masked_fill(soft, 0))
        learned = self.rows[(ids - self.first).clamp(min=0)].to(plain.dtype)
        return torch.where(soft[..., None], learned, plain)


def put_in(module: Any, tokens: int, seed: int, words: Sequence[int]) -> SoftEmbedding:
    """Return the embedding of `module`, which from now on has `tokens` learned rows; everything else is frozen.

    words: token ids of which the rows begin as copies, chosen by `seed`: a start among words learns faster than one
    among random numbers (lester2021).
    """
    module.requires_grad_(False)
    base = module.get_input_embeddings()
    dice = torch.Generator().manual_seed(seed)
    known = torch.tensor(sorted(set(words)), device=next(base.parameters()).device)
    chosen = known[torch.randint(len(known), (tokens,), generator=dice).to(known.device)]
    with torch.no_grad():
        rows = base(chosen).detach().float().clone()
    soft = SoftEmbedding(base, rows)
    module.set_input_embeddings(soft)
    return soft


class Prompted(LocalModel):
    """A local model whose every prompt begins with the learned tokens `soft`."""

    def __init__(self, module: Any, tokenizer: Any, soft: Sequence[int], *, name: str, identity: str) -> None:
        super().__init__(module, tokenizer, name=name, identity=identity)
        self._text.lead = tuple(soft)

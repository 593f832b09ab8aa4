"""From a module to its next-token logits, only where they are asked for."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from nightschool.train import branching
from nightschool.train.packing import Row


class Readout:
    """Reads states of `module`, a causal language model of transformers, and turns them into logits.

    Its output layer is applied directly where that gives the model's own logits, which is tried once: then states are
    hidden states, a hundredth of the size. A model that does something more to its logits (a soft cap, a scale) is
    asked for them itself, and states are logits already. small: whether states are hidden states.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        weight = next(module.parameters())
        self.device, self.dtype = weight.device, weight.dtype
        self.body = module.get_decoder()
        self._head = module.get_output_embeddings()
        branching.prepare(module)
        self._selects = "logits_to_keep" in inspect.signature(module.forward).parameters
        self.small = self._head_is_plain()

    def _head_is_plain(self) -> bool:
        if self._head is None or self.body is None or self.body is self.module:
            return False
        probe = torch.arange(3, device=self.device)[None]
        with torch.no_grad():
            own = self.module(input_ids=probe, use_cache=False).logits
            ours = self._head(self.body(input_ids=probe, use_cache=False).last_hidden_state)
        return bool(torch.allclose(own.float(), ours.float(), rtol=1e-4, atol=1e-4))

    def states(
        self, ids: torch.Tensor, rows: Sequence[int], columns: Sequence[int], packed: Row | None = None
    ) -> torch.Tensor:
        """Return states[N, d] at N places (row, column) of ids[rows, length]; packed: how one row is to be read."""
        given: dict[str, Any] = {"input_ids": ids.to(self.device), "use_cache": False}
        if packed is not None:
            given["position_ids"] = packed.depths[None].to(self.device)
            given["attention_mask"] = packed.mask(self.dtype).to(self.device)
        with branching.reading(packed):
            if self.small:
                found: torch.Tensor = self.body(**given).last_hidden_state[rows, columns]
                return found
            length = ids.shape[1]
            keep = {"logits_to_keep": length - min(columns)} if self._selects else {}
            logits = self.module(**given, **keep).logits
        offset = length - logits.shape[1]
        chosen: torch.Tensor = logits[rows, [column - offset for column in columns]]
        return chosen

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return logits[N, vocabulary] for states[N, d], in the dtype of the output layer."""
        found: torch.Tensor = self._head(states) if self.small else states
        return found


def place(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return ids[rows, longest] padded with 0 behind each row, where causal attention never sees it."""
    ids = torch.zeros((len(rows), max(map(len, rows))), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
    return ids

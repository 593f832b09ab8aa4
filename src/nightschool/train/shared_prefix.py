"""The loss of a batch and its gradient, what examples begin with computed once.

The gradient is that of the plain computation: examples are laid out in one row, in which a shared token stands once and
what flows back to it from several examples is summed. Logits exist only where something is learned, some hundred
positions at a time.

Lessons are learned token by token; anchored examples by the divergence of the new self from the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import NotANumber
from nightschool.train.anchor import OldSelf
from nightschool.train.examples import Example
from nightschool.train.packing import lay_out, longest_packed, rows_within, split_by_length
from nightschool.train.readout import Readout, place

_AT_ONCE = 256  # positions whose logits exist at the same time: 268 MB at a vocabulary of 262,144


@dataclass(frozen=True, slots=True)
class Cost:
    """What a batch took. loss: what was minimised, in nats per token: the mean over examples by weight; drift: of that,
    the divergence from the old self, as the mean over anchored examples (0 where none is); taught: the cross-entropy,
    as the mean over the others (0 where none is); tokens: of the examples; learned: of those, the ones that the loss
    is on; computed: tokens that went through the model, padding included.
    """

    loss: float
    taught: float
    drift: float
    tokens: int
    learned: int
    computed: int


_Parts = tuple[float, float]  # taught, drift


class Gradient:
    """Adds gradients to the trainable parameters of `readout.module`.

    old: what anchored examples are held to; None learns their tokens, as those of any other example.
    """

    def __init__(
        self, readout: Readout, *, micro_tokens: int, share_prefix: bool = True, old: OldSelf | None = None
    ) -> None:
        self._readout, self._old = readout, old
        self._longest = longest_packed(readout.body) if share_prefix and readout.body is not None else 0
        self.micro_tokens = micro_tokens

    def add(self, examples: Sequence[Example]) -> Cost:
        """Add the gradient of the batch's loss to the parameters' `grad`, and return what it took.

        The loss is the mean over examples, by weight, of each one's mean over its learned tokens: an example counts
        by its weight, however long it is. Raises NotANumber.
        """
        total = sum(example.weight for example in examples)
        anchored = sum(example.weight for example in examples if self._is_anchored(example)) / total
        taught, drift, computed = 0.0, 0.0, 0
        packed = self._longest is None or max(len(example.tokens) for example in examples) <= self._longest
        if packed:
            runs = rows_within(examples, self.micro_tokens)
        else:
            runs = split_by_length([len(example.tokens) for example in examples], self.micro_tokens)
        for run in runs:
            found, used = self._add_run([examples[i] for i in run], total, packed=packed)
            taught, drift, computed = taught + found[0], drift + found[1], computed + used
        loss = taught + drift
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise NotANumber(f"the loss of this batch is {loss}; lower the rate, or train in float32")
        return Cost(
            loss,
            taught / (1 - anchored) if anchored < 1 else 0.0,
            drift / anchored if anchored else 0.0,
            sum(len(example.tokens) for example in examples),
            sum(len(example.learned) for example in examples),
            computed,
        )

    def _is_anchored(self, example: Example) -> bool:
        return example.anchored and self._old is not None

    def _add_run(self, examples: Sequence[Example], total: float, *, packed: bool) -> tuple[_Parts, int]:
        examples = sorted(examples, key=self._is_anchored)  # first what is taught, then what is anchored
        scale = [each.weight / (total * (len(each.tokens) - each.start)) for each in examples for _ in each.learned]
        taught = [each for each in examples if not self._is_anchored(each)]
        anchored = examples[len(taught) :]
        targets = torch.tensor([token for each in taught for token in each.learned], device=self._readout.device)
        before = self._old.states(anchored) if self._old is not None and anchored else None
        states, computed = self._states(examples, packed=packed)
        weights = torch.tensor(scale, dtype=torch.float32, device=self._readout.device)
        found, back = self._through_head(states, targets, before, weights)
        torch.autograd.backward(states, back)
        return found, computed

    def _states(self, examples: Sequence[Example], *, packed: bool) -> tuple[torch.Tensor, int]:
        """Return states[N, d] where each learned token is predicted, one example after the other, and what it took."""
        before = [(i, t - 1) for i, each in enumerate(examples) for t in range(each.start, len(each.tokens))]
        if packed:
            row = lay_out(examples)
            places = [row.places[i][t] for i, t in before]
            return self._readout.states(row.ids[None], [0] * len(places), places, row), len(row.ids)
        ids = place([each.tokens for each in examples])
        rows, columns = zip(*before, strict=True)
        return self._readout.states(ids, rows, columns), ids.numel()

    def _through_head(
        self, states: torch.Tensor, targets: torch.Tensor, before: torch.Tensor | None, weights: torch.Tensor
    ) -> tuple[_Parts, torch.Tensor]:
        """Return the loss and its gradient for states[N, d], a part of the positions at a time.

        The first of them learn targets[M], the others the distributions that before[N - M, d] gives.
        """
        sums = [0.0, 0.0]
        back = torch.empty_like(states)
        taught = len(targets)
        for kind, first, last in ((0, 0, taught), (1, taught, len(states))):
            for begin in range(first, last, _AT_ONCE):
                part = slice(begin, min(begin + _AT_ONCE, last))
                leaf = states[part].detach().requires_grad_()
                logits = self._readout.logits(leaf)
                with torch.no_grad():
                    if kind == 0 or before is None:
                        each, slope = _of_targets(logits, targets[part])
                    else:
                        would = self._readout.logits(before[begin - taught : part.stop - taught])
                        each, slope = _of_divergence(logits, would)
                    slope.mul_(weights[part, None])
                    sums[kind] += float((each * weights[part]).sum())
                (back[part],) = torch.autograd.grad(logits, leaf, slope)
        return (sums[0], sums[1]), back


def _of_targets(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cross-entropy[N] of logits[N, V] with targets[N], and its slope[N, V]: softmax minus one-hot.

    Written out, the slope takes a third of the passes over memory that autograd takes for it.
    """
    said = torch.log_softmax(logits, -1)
    each = -said.gather(1, targets[:, None])[:, 0]
    slope = said.exp_()
    slope[torch.arange(len(targets), device=targets.device), targets] -= 1.0
    return each, slope


def _of_divergence(logits: torch.Tensor, would: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the divergence[N] of logits[N, V] from the old self's, and its slope[N, V]: the difference of the two."""
    said, would = torch.log_softmax(logits, -1), torch.log_softmax(would, -1)
    old = would.exp()
    each = (old * would.sub_(said)).sum(1)
    return each, said.exp_().sub_(old)

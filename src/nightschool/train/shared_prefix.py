"""The loss of a batch and its gradient, what examples begin with computed once.

The gradient is that of the plain computation: examples are laid out in one row, in which a shared token stands once and
what flows back to it from several examples is summed. Logits exist only where something is learned, some hundred
positions at a time. The rows of a batch are computed side by side, and their gradients summed in the order of the rows,
whichever ends first.

Lessons are learned token by token; anchored examples by the divergence of the new self from the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch

from nightschool.errors import NotANumber
from nightschool.models.local import lanes
from nightschool.train.anchor import OldSelf
from nightschool.train.examples import Example
from nightschool.train.packing import even_rows, lay_out, longest_packed, rows_within, split_by_length
from nightschool.train.readout import Readout, place

_WORTH_PARTING = 128  # tokens from which on two passes side by side are faster than one
_MOST_BYTES = 1 << 28  # of parameters that learn, so that a gradient for each pass is no matter
_AT_ONCE = 256  # positions whose logits exist at the same time: 268 MB in float32 at a vocabulary of 262,144
_IN_CACHE = 1 << 20  # of them looked at together: more leave the cache of a CPU, and take pages that are not there yet


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


_Costs = tuple[float, float]  # taught, drift


@dataclass(frozen=True, slots=True)
class _Part:
    """Examples of one pass, those that are anchored last. before: what those are held to, states[N, d]."""

    examples: Sequence[Example]
    taught: Sequence[Example]
    before: torch.Tensor | None


class Gradient:
    """Adds gradients to the trainable parameters of `readout.module`.

    old: what anchored examples are held to; None learns their tokens, as those of any other example. longest: of the
    examples that are laid out in rows; None for any.
    """

    def __init__(
        self, readout: Readout, *, micro_tokens: int, share_prefix: bool = True, old: OldSelf | None = None
    ) -> None:
        self._readout, self._old = readout, old
        self.longest = longest_packed(readout.body) if share_prefix and readout.body is not None else 0
        self.micro_tokens = micro_tokens

    def add(self, examples: Sequence[Example]) -> Cost:
        """Add the gradient of the batch's loss to the parameters' `grad`, and return what it took.

        The loss is the mean over examples, by weight, of each one's mean over its learned tokens: an example counts
        by its weight, however long it is. Raises NotANumber.
        """
        total = sum(example.weight for example in examples)
        anchored = sum(example.weight for example in examples if self._is_anchored(example)) / total
        taught, drift, computed = 0.0, 0.0, 0
        packed = self.longest is None or max(len(example.tokens) for example in examples) <= self.longest
        learned = [weight for weight in self._readout.module.parameters() if weight.requires_grad]
        side_by_side = (
            self._readout.device.type == "cpu"
            and self._readout.small
            and sum(weight.nbytes for weight in learned) <= _MOST_BYTES
        )
        most = max(1, self.micro_tokens // (lanes.MOST if side_by_side else 1))
        if not packed:
            runs = split_by_length([len(example.tokens) for example in examples], most)
        elif side_by_side:
            runs = even_rows(examples, most, _WORTH_PARTING)
        else:
            runs = rows_within(examples, most)
        parts = [self._part([examples[i] for i in run]) for run in runs]
        works = [partial(self._run, part, total, learned, packed=packed) for part in parts]
        for found, used, gradients in lanes.run(works, self._readout.device) if side_by_side else (w() for w in works):
            taught, drift, computed = taught + found[0], drift + found[1], computed + used
            for weight, gradient in zip(learned, gradients, strict=True):
                if gradient is not None:
                    weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
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

    def _part(self, examples: Sequence[Example]) -> _Part:
        examples = sorted(examples, key=self._is_anchored)  # first what is taught, then what is anchored
        taught = [each for each in examples if not self._is_anchored(each)]
        anchored = examples[len(taught) :]
        before = self._old.states(anchored) if self._old is not None and anchored else None
        return _Part(examples, taught, before)

    def _run(
        self, part: _Part, total: float, learned: Sequence[torch.Tensor], *, packed: bool
    ) -> tuple[_Costs, int, tuple[torch.Tensor | None, ...]]:
        """Return the loss of a part, the tokens that it took, and its gradient."""
        device = self._readout.device
        targets = torch.tensor([token for each in part.taught for token in each.learned], device=device)
        scale = [
            each.weight / (total * (len(each.tokens) - each.start)) for each in part.examples for _ in each.learned
        ]
        states, computed = self._states(part.examples, packed=packed)
        weights = torch.tensor(scale, dtype=torch.float32, device=device)
        found, back = self._through_head(states, targets, part.before, weights)
        return found, computed, torch.autograd.grad(states, learned, back, allow_unused=True)

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
    ) -> tuple[_Costs, torch.Tensor]:
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
                    goals = targets[part] if kind == 0 or before is None else self._readout.logits(
                        before[begin - taught : part.stop - taught]
                    )  # fmt: skip
                    slope, loss = _slope(logits, goals, weights[part])
                sums[kind] += loss
                (back[part],) = torch.autograd.grad(logits, leaf, slope)
        return (sums[0], sums[1]), back


def _slope(logits: torch.Tensor, goals: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Return the slope[N, V] of the loss of logits[N, V] by weights[N], in their dtype, and the loss.

    goals: tokens[N], or the logits[N, V] of the old self.
    """
    slope = torch.empty_like(logits)
    loss = 0.0
    most = max(1, _IN_CACHE // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    for a in range(0, len(logits), most):
        part = slice(a, a + most)
        of = _of_targets if goals.ndim == 1 else _of_divergence
        each, found = of(logits[part].float(), goals[part])
        loss += float((each * weights[part]).sum())
        slope[part] = found.mul_(weights[part, None])
    return slope, loss


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
    said, would = torch.log_softmax(logits, -1), torch.log_softmax(would.float(), -1)
    old = would.exp()
    each = (old * would.sub_(said)).sum(1)
    return each, said.exp_().sub_(old)

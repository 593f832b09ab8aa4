"""From logits to tokens: each draw by its own noise, so that what else is in the batch never changes it.

The uniform number of a token is a hash of the draw's key and the token's position in the draw (steele2014,
splitmix64); the token is where the inverse of the cumulative distribution puts it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from nightschool.asks import Tops
from nightschool.items import Sampling
from nightschool.models.without import Without

_CANDIDATES = 64  # a nucleus is looked for among so many first; rows that need more are sorted whole
_AT_ONCE = 1 << 20  # logits looked at together, so that they stay in the cache of a CPU between the steps
_LEAST = 1e-6  # a smaller share of a distribution is what rounding left of it
_RUN = 256  # probabilities are summed by runs of so many, then one run is summed token by token


def uniforms(keys: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return float64 numbers in (0, 1), one for each (key, position). keys, positions: uint64[N]."""
    with np.errstate(over="ignore"):
        z = keys + (positions + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def pick(logits: torch.Tensor, how: Sequence[Sampling], uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a token for each row, int64[N], and its log-probability at temperature 1 in nats, float64[N].

    logits[N, V]: of any float dtype; uniform[N]: in (0, 1). A log-probability is NaN where the row's logits are not
    finite.
    """
    most = max(1, _AT_ONCE // logits.shape[1]) if logits.device.type == "cpu" else len(how)
    noise = torch.from_numpy(uniform).to(logits.device)
    parts = [slice(a, a + most) for a in range(0, len(how), most)]
    found = [_pick(logits[part].float(), how[part], noise[part]) for part in parts]
    tokens, logps = (torch.cat(column).cpu().numpy() for column in zip(*found, strict=True))
    return tokens, logps


def logps_of(logits: torch.Tensor, tokens: np.ndarray) -> np.ndarray:
    """Return the log-probability of tokens[N], each in its row of logits[N, V], in nats, float64[N]."""
    chosen = logits.gather(-1, torch.from_numpy(tokens).to(logits.device)[:, None])[:, 0]
    return (chosen.double() - logits.float().logsumexp(-1).double()).cpu().numpy()


def taken_out(logits: torch.Tensor, known: Sequence[Without], how: Sequence[Sampling]) -> torch.Tensor:
    """Return logits[N, V] as they are for draws that are to be unlike those `known` to each row.

    A row where nothing else is left stays as it is.
    """
    rows = [row for row, without in enumerate(known) if without]
    if not rows:
        return logits
    logits = logits.float() if logits.dtype != torch.float32 else logits.clone()
    totals = logits[rows].logsumexp(-1).tolist()
    for row, total in zip(rows, totals, strict=True):
        shares = known[row].shares()
        tokens = torch.tensor(list(shares), device=logits.device)
        share = torch.tensor(list(shares.values()), dtype=torch.float64)
        own = logits[row, tokens]
        if float(1 - ((own.double().cpu() - total).exp() * share).sum()) < _LEAST:
            continue
        heat = how[row].temperature
        less = torch.log1p(-share) * heat if heat > 0 else torch.where(share == 1, -torch.inf, 0.0)
        logits[row, tokens] = own + less.to(own)
    return logits


def weigh(logits: torch.Tensor, rows: np.ndarray, tokens: np.ndarray) -> tuple[list[float], list[int]]:
    """Return of each tokens[i] its log-probability in row rows[i] of logits[N, V], in nats, and how many are likelier.

    rows: ascending, each row at least once.
    """
    logps: list[float] = []
    ranks: list[int] = []
    most = max(1, _AT_ONCE // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    for a in range(0, len(logits), most):
        block = logits[a : a + most].float()
        first, last = np.searchsorted(rows, [a, a + most])
        which = torch.from_numpy(rows[first:last] - a).to(logits.device)
        target = torch.from_numpy(tokens[first:last]).to(logits.device)
        chosen = block[which, target]
        logps += (chosen - block.logsumexp(-1)[which]).tolist()
        once = len(which) == len(block)
        likelier = torch.empty((len(which), block.shape[1]), device=block.device)  # float: bits are summed far slower
        torch.gt(block if once else block[which], chosen[:, None], out=likelier)
        ranks += likelier.sum(-1).long().tolist()
    return logps, ranks


def likeliest(logits: torch.Tensor, count: int) -> list[Tops]:
    """Return for each row of logits[N, V] the `count` likeliest tokens with their log-probabilities."""
    values, tokens = logits.topk(min(count, logits.shape[1]), dim=-1)
    logps = (values.float() - logits.float().logsumexp(-1)[:, None]).tolist()
    return [tuple(zip(row, known, strict=True)) for row, known in zip(tokens.tolist(), logps, strict=True)]


def _pick(logits: torch.Tensor, how: Sequence[Sampling], noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    device = logits.device
    top = logits.amax(-1)
    tokens = torch.empty(len(how), dtype=torch.long, device=device)
    total = torch.empty(len(how), dtype=torch.float64, device=device)  # of exp(logits - top)
    free = [i for i, h in enumerate(how) if h.temperature > 0 and h.top_p == 1 and h.top_k == 0]
    cut = [i for i, h in enumerate(how) if h.temperature > 0 and not (h.top_p == 1 and h.top_k == 0)]
    greedy = [i for i, h in enumerate(how) if h.temperature == 0]
    whole = len(free) == len(how)
    if free:
        rows = slice(None) if whole else torch.tensor(free, device=device)
        heat = torch.tensor([how[i].temperature for i in free], dtype=torch.float32, device=device)[:, None]
        weights = logits[rows] - top[rows, None]
        plain = bool((heat == 1).all())
        if not plain:
            total[rows] = weights.exp().sum(-1, dtype=torch.float64)
            weights = weights.div_(heat * math.log(2)).exp2_()  # whose underflow costs nothing, unlike that of exp_
        else:
            weights = weights.exp_()
        tokens[rows], mass = _inverse(weights, noise[rows])
        if plain:
            total[rows] = mass
    rest = torch.tensor(sorted(cut + greedy), dtype=torch.long, device=device)
    if len(rest):
        part = slice(None) if len(rest) == len(how) else rest
        total[rest] = (logits[part] - top[part, None]).exp_().sum(-1, dtype=torch.float64)
    if greedy:
        rows = torch.tensor(greedy, device=device)
        tokens[rows] = logits[rows].argmax(-1)
    if cut:
        tokens[torch.tensor(cut, device=device)] = _nucleus(logits, top, how, cut, noise)
    chosen = logits.gather(-1, tokens[:, None])[:, 0]
    logps = (chosen - top).double() - total.log()
    return tokens, logps


def _inverse(weights: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where the cumulative sum of weights[N, V] first exceeds noise[N] of its total, and the total."""
    count, size = weights.shape
    if size % _RUN:
        weights = torch.nn.functional.pad(weights, (0, _RUN - size % _RUN))
    runs = weights.view(count, -1, _RUN)
    sums = runs.sum(-1).double().cumsum(-1)
    total = sums[:, -1]
    target = (noise * total)[:, None]
    which = torch.searchsorted(sums, target, right=True).clamp_(max=sums.shape[1] - 1)
    before = torch.where(which > 0, sums.gather(1, (which - 1).clamp_(min=0)), 0.0)
    inside = runs[torch.arange(count, device=weights.device), which[:, 0]].double()
    steps = inside.cumsum(-1)
    at = torch.searchsorted(steps, target - before, right=True)
    last = (inside > 0).long().mul_(torch.arange(_RUN, device=weights.device)).amax(-1, keepdim=True)
    at = torch.minimum(at, last)  # rounding may leave the target behind the last token that can come
    return (which * _RUN + at)[:, 0], total


def _nucleus(
    logits: torch.Tensor, top: torch.Tensor, how: Sequence[Sampling], rows: Sequence[int], noise: torch.Tensor
) -> torch.Tensor:
    """Return tokens of `rows` drawn from the k likeliest and, of those, the fewest that make up probability top_p."""
    device, size = logits.device, logits.shape[1]
    chosen = torch.empty(len(rows), dtype=torch.long, device=device)
    open_ = list(range(len(rows)))
    for width in (min(_CANDIDATES, size), size):
        if not open_:
            break
        index = torch.tensor([rows[i] for i in open_], device=device)
        heat = torch.tensor([how[rows[i]].temperature for i in open_], dtype=torch.float32, device=device)[:, None]
        k = torch.tensor([how[rows[i]].top_k or size for i in open_], device=device)[:, None].clamp(max=size)
        p = torch.tensor([how[rows[i]].top_p for i in open_], dtype=torch.float64, device=device)[:, None]
        scaled = (logits[index] - top[index, None]) / heat
        values, order = scaled.topk(width) if width < size else scaled.sort(dim=-1, descending=True, stable=True)
        weights = values.exp().double()
        weights = torch.where(torch.arange(width, device=device) < k, weights, 0.0)
        # top_k comes first, and top_p is a share of what it leaves: a wider k than was looked at needs the whole sort
        total = torch.where(k <= width, weights.sum(-1, keepdim=True), scaled.exp().sum(-1, True, dtype=torch.float64))
        sums = weights.cumsum(-1)
        enough = ((k <= width) | ((k >= size) & (sums[:, -1:] >= p * total)))[:, 0]
        weights = torch.where(sums - weights < p * total, weights, 0.0)
        sums = weights.cumsum(-1)
        at = torch.searchsorted(sums, noise[index, None] * sums[:, -1:], right=True)
        at = torch.minimum(at, (weights > 0).sum(-1, keepdim=True) - 1).clamp_(min=0)
        found = order.gather(1, at)[:, 0]
        for here, (i, done) in enumerate(zip(list(open_), enough.tolist(), strict=True)):
            if done or width == size:
                chosen[i] = found[here]
        open_ = [i for i, done in zip(open_, enough.tolist(), strict=True) if not done and width < size]
    return chosen

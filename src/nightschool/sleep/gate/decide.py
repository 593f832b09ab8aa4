"""The gate: a night is kept only if it made the practised task better and lost nothing that was watched.

Pure: it is given paired outcomes and decides. All of them come from tune items and text that no lesson was made of;
exam items are reported, and decide nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from nightschool.stats import Paired, mcnemar, noninferior
from nightschool.stats.paired import difference

ENOUGH_ITEMS = 250
ENOUGH_TOKENS = 50_000
_ROOM_ABOVE_CHANCE, _CEILING = 0.10, 0.90


@dataclass(frozen=True, slots=True)
class WatchedTask:
    """A task that must not get worse. before, after: outcomes of the same items, in order; chance: in [0, 1]."""

    name: str
    before: Sequence[bool]
    after: Sequence[bool]
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class WatchedText:
    """Text that must not become less likely. before, after: nats per token of each chunk; tokens: of each chunk."""

    name: str
    before: Sequence[float]
    after: Sequence[float]
    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the gate saw of one watched thing.

    before, after: rates (higher is better), or nats per token (lower is better); change, with its 95% interval low to
    high: of the gain, so that below zero is worse everywhere; margin: a larger loss is not allowed; power: the chance
    to rule out such a loss if nothing was lost; passed: nothing is shown or suspected to be lost, see `decide`; counts:
    large enough, and with a baseline worth losing; why_not: where it does not count; p_value: of a task, that it
    changed at all (mid-p McNemar; 1 for a text).
    """

    name: str
    kind: str
    n: int
    before: float
    after: float
    change: float
    low: float
    high: float
    margin: float
    power: float
    passed: bool
    counts: bool
    why_not: str = ""
    p_value: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """accepted: keep the night; reason: in a sentence; p_value, gain: of the practised task; watched: all findings."""

    accepted: bool
    reason: str
    p_value: float
    gain: float
    gain_low: float
    n: int
    watched: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Margins:
    """alpha: of the practised task's test; worse: of the test whether a watched task lost; points: largest loss of a
    watched rate; nats: of a text's nats per token.

    Half of `worse` is the share of nights that lost nothing which it refuses, task by task: 1 in 100.
    A bad night loses 15 points or more. With 250 items, a fifth of which change their outcome, a margin of 10 points
    keeps 93% of the nights that lost nothing and fewer than 1 in 10,000 of those that lost 15
    (`stats.power_to_accept`); a margin of 5 points would keep 42%. nats = 0.05 multiplies perplexity by 1.05.
    """

    alpha: float = 0.05
    worse: float = 0.02
    points: float = 0.10
    nats: float = 0.05


def decide(
    before: Sequence[bool],
    after: Sequence[bool],
    tasks: Sequence[WatchedTask] = (),
    texts: Sequence[WatchedText] = (),
    margins: Margins | None = None,
    unseen: Sequence[str] = (),
) -> Decision:
    """Return whether the night is kept.

    before, after: outcomes of the practised task on the same tune items. The practised task must be significantly
    better (mid-p McNemar), and no watched thing may be shown or suspected to be worse: a task that lost significantly,
    however few its items and however little it lost, rejects the night (small losses add up night by night); for each
    that counts, the lower end of the interval of its change must lie above the margin; and a text too small to count
    rejects a loss that is significant and larger than it. unseen: names of watched things that could not be looked at
    alike both times (a budget ran out, a model failed); any of them rejects the night, and so does a practised task
    without outcomes, or a text that one of both holds to be impossible: no difference can be told from an infinite
    loss.

    Ref: fagerland2013; tango1998; piaggio2012.
    """
    margins = margins or Margins()
    practised = Paired.of(before, after)
    if practised.n == 0:
        why = "no item of what was practised was answered both before and after; the night is rolled back"
        return Decision(False, why, 1.0, 0.0, -1.0, 0, ())
    gain, p = difference(practised), mcnemar(practised)
    told = [each for each in texts if all(map(math.isfinite, (*each.before, *each.after)))]
    unseen = (*unseen, *(each.name for each in texts if each not in told))
    findings = (*(_task(each, margins) for each in tasks), *(_text(each, margins) for each in told))
    accepted, reason = _judge(gain.value, p, findings, margins)
    if accepted and unseen:
        accepted = False
        reason = f"not looked at alike before and after: {', '.join(unseen)}; the night is rolled back"
    return Decision(accepted, reason, p, gain.value, gain.low, practised.n, findings)


def could_tell(before: Sequence[bool], margins: Margins | None = None) -> bool:
    """Return whether a night that made all of `before` right, and lost none, would be significantly better."""
    wrong = sum(not right for right in before)
    return mcnemar(Paired(both=len(before) - wrong, gained=wrong, lost=0, neither=0)) <= (margins or Margins()).alpha


def _judge(gain: float, p: float, findings: Sequence[Finding], margins: Margins) -> tuple[bool, str]:
    if gain <= 0 or p > margins.alpha:
        return False, f"what was practised did not get better: {gain:+.1%}, p = {p:.2g}; the night is rolled back"
    lost = [each for each in findings if not each.passed]
    if lost:
        names = "; ".join(_loss(each, margins.worse) for each in lost)
        return False, f"something watched may be lost: {names}; the night is rolled back"
    better = f"what was practised is better by {100 * gain:.0f} points (p = {p:.2g})"
    counted = [each for each in findings if each.counts]
    if not counted:
        return True, f"{better}; nothing was watched well enough to say that nothing else was lost"
    return True, f"{better}, and nothing watched is worse: {', '.join(each.name for each in counted)}"


def _loss(found: Finding, worse: float) -> str:
    if found.kind == "text":
        return f"{found.name} {found.before:.3f} to {found.after:.3f} nats per token (allowed: {found.margin:g} more)"
    if found.p_value <= worse:
        return f"{found.name} {found.before:.1%} to {found.after:.1%} of {found.n} (p = {found.p_value:.2g})"
    return (
        f"{found.name} {found.before:.0%} to {found.after:.0%}, and a loss of {-100 * found.low:.1f} points is not "
        f"ruled out (allowed: {100 * found.margin:.0f})"
    )


def _task(watched: WatchedTask, margins: Margins) -> Finding:
    paired = Paired.of(watched.before, watched.after)
    result = noninferior(paired, margins.points)
    rate = fmean(watched.before)
    why_not = ""
    if paired.n < ENOUGH_ITEMS:
        why_not = f"{paired.n} items, and {ENOUGH_ITEMS} are needed"
    elif rate < watched.chance + _ROOM_ABOVE_CHANCE:
        why_not = f"it started at {rate:.0%}, too close to chance to lose anything"
    elif rate > _CEILING:
        why_not = f"it started at {rate:.0%}, above {_CEILING:.0%}"
    change = result.difference
    p_value = mcnemar(paired)
    worse = change.value < 0 and p_value <= margins.worse
    return Finding(
        watched.name, "task", paired.n, rate, fmean(watched.after), change.value, change.low, change.high,
        margins.points, result.power, not worse and (result.accepted or bool(why_not)), not why_not, why_not, p_value,
    )  # fmt: skip


def _text(watched: WatchedText, margins: Margins) -> Finding:
    """Return the finding for a text: a paired difference of chunk means, weighted by tokens; normal interval."""
    total = sum(watched.tokens)
    before = _mean(watched.before, watched.tokens)
    after = _mean(watched.after, watched.tokens)
    size = len(watched.tokens) / total
    gains = [(b - a) * t * size for b, a, t in zip(watched.before, watched.after, watched.tokens, strict=True)]
    spread = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else abs(gains[0])
    z = NormalDist().inv_cdf(0.975)
    gain = before - after
    power = NormalDist().cdf(margins.nats / spread - z) if spread > 0 else 1.0
    why_not = "" if total >= ENOUGH_TOKENS else f"{total:,} tokens, and {ENOUGH_TOKENS:,} are needed"
    low = gain - z * spread
    passed = low > -margins.nats if not why_not else not (gain + z * spread < 0 and gain < -margins.nats)
    return Finding(
        watched.name,
        "text",
        total,
        before,
        after,
        gain,
        low,
        gain + z * spread,
        margins.nats,
        power,
        passed,
        not why_not,
        why_not,
    )


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)

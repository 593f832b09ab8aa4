"""The critic that asks whether an answer is what the model itself believes, all things considered.

    beliefs                  the mean of what it says in every context
    beliefs:path=FILE        as practice items have taught to take its word (`Reading.save`)
    beliefs:pass_at=0.9      only what it is that sure of

Where the item lists its choices, every choice is asked about and exactly one of them can be right; otherwise the
answer alone is affirmed and denied in every context. All is one weighing, so that searches put it into their batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from nightschool.asks import ModelAsk, ModelReply, Weigh, Weighed
from nightschool.critics.choice import chosen
from nightschool.critics.consulting import Consults
from nightschool.critics.parameters import share
from nightschool.critics.texts.case import case_text
from nightschool.items import Item, Prefix, Prompt, Segment, Verdict
from nightschool.ports import Ability, Sight
from nightschool.society.beliefs.contexts import CONTEXTS, FURTHEST, OPEN
from nightschool.society.beliefs.hold import hold
from nightschool.society.beliefs.links import MOST, Link
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import PLAIN, read_reading

_OURS = "this answer"


class Believes(Consults):
    """Passed where the answer is at least `pass_at` likely by the model's own beliefs; that probability is the score.

    path: a file of how to take its word. Raises BadSpec, BadFile.
    """

    sight = Sight.VERIFIER
    needs = Ability.WEIGH

    def __init__(self, pass_at: float = 0.5, path: str | None = None) -> None:
        self.pass_at = share(pass_at, "pass_at", "beliefs")
        self.reading = PLAIN if path is None else read_reading(path)
        self.identity = self.reading.identity
        self.name = "beliefs" if path is None else f"beliefs:path={path}"

    def consult(self, item: Item, answer: str) -> ModelAsk:
        """Return one weighing: every proposition in every context with either answer behind it, and every choice."""
        head = case_text(item, "").rpartition("\n\nAnswer:")[0]  # a question may hold worked answers of its own
        texts = [
            prompt + word
            for one in _propositions(item, answer)
            for context in CONTEXTS
            for prompt in [context.prompt(one)]
            for word in (context.yes, context.no)
        ]
        if len(choices := dict.fromkeys(item.choices)) > 1:
            texts += [f"Answer: {choice}" for choice in choices]
        return Weigh("beliefs", Prefix(Prompt(text=head + "\n\n")), tuple(Segment(text) for text in texts))

    def conclude(self, item: Item, answer: str, reply: ModelReply) -> Verdict:
        """Return the verdict, and as feedback what the model believes more. Raises ValueError where it told nothing."""
        assert isinstance(reply, Weighed)
        props = _propositions(item, answer)
        place = chosen(item.choices, answer, anywhere=True)
        if item.choices and place is None:
            return Verdict.of(False, f"Answer with one of: {', '.join(item.choices)}.")
        given = _OURS if place is None else item.choices[place]
        held = hold(props, self.reading.odds(heard_in(props, reply)), _one_of([one.name for one in props]))
        chance = held.after[given]
        if chance >= self.pass_at:
            return Verdict(chance, True)
        likeliest = max(held.after, key=lambda name: held.after[name])
        feedback = f"The model itself holds {likeliest!r} for likelier." if likeliest != given else ""
        return Verdict(chance, False, feedback or "The model does not hold to this answer when asked again.")


def heard_in(propositions: Sequence[Proposition], reply: Weighed) -> torch.Tensor:
    """Return [n, columns] what `reply` says of each proposition, as `contexts.heard` does, to learn of.

    Choices are not asked for without their question: that column is 0. Raises ValueError where nothing was told.
    """
    pairs = iter(reply.segments)
    rows = [[_odds(next(pairs), next(pairs)) for _ in CONTEXTS] for _ in propositions]
    chances = _shares(list(pairs)) if len(propositions) > 1 else [0.5]
    for row, chance in zip(rows, chances, strict=True):
        p = min(max(chance, 1e-12), 1 - 1e-12)
        row += [math.log(p) - math.log1p(-p), *[0.0] * (len(OPEN) - 1)]
    return torch.tensor(rows, dtype=torch.float64).clamp(-FURTHEST, FURTHEST)


def _propositions(item: Item, answer: str) -> list[Proposition]:
    if item.choices:
        return [Proposition(choice, f"The right answer is: {choice}") for choice in dict.fromkeys(item.choices)]
    return [Proposition(_OURS, f"The right answer is: {' '.join(answer.split()) or '(nothing)'}")]


def _one_of(names: list[str]) -> list[Link]:
    """Return the links that say that exactly one of these holds, in links that are small enough."""
    if len(names) < 2:
        return []
    if len(names) <= MOST:
        return [Link("one", tuple(names), by="choices")]
    return [Link("excludes", (a, b), by="choices") for i, a in enumerate(names) for b in names[:i]]


def _odds(yes: Segment, no: Segment) -> float:
    """Return the log-odds of one text against the other, of what they do not begin with in common."""
    first, second = _apart([yes, no])
    if not (math.isfinite(first) or math.isfinite(second)):
        raise ValueError(f"the model gives neither {yes.text[-6:]!r} nor {no.text[-6:]!r} a probability")
    return max(-FURTHEST, min(FURTHEST, first - second))


def _shares(choices: list[Segment]) -> list[float]:
    """Return the probability of each text among these."""
    logps = _apart(choices)
    most = max(logps)
    if not math.isfinite(most):
        raise ValueError("the model gives none of the choices a probability")
    weights = [math.exp(logp - most) for logp in logps]
    return [weight / sum(weights) for weight in weights]


def _apart(texts: list[Segment]) -> list[float]:
    """Return the log-probability of each text behind the tokens that all of them begin with.

    What is common cancels, except where a model gives it no chance at all, and except for rounding.
    """
    if any(text.logps is None or text.tokens is None for text in texts):
        raise ValueError("the model told no log-probabilities")
    tokens = [text.tokens or () for text in texts]
    common = 0
    while all(len(some) > common for some in tokens) and len({some[common] for some in tokens}) == 1:
        common += 1
    found = [math.fsum((text.logps or ())[common:]) for text in texts]
    if any(math.isnan(logp) for logp in found):
        raise ValueError("the model told log-probabilities that are no numbers")
    return found

"""What a search asks, and what it is told: plain data between pure searches, models and critics.

    Propose -> Proposed     continue a prefix n times
    Weigh   -> Weighed       log-probabilities of given continuations
    Read    -> Hidden       hidden states at the end of prefixes
    Judge   -> Judged       a critic's verdict on an answer
    anything -> Refused     it was not done, and why: budget, a failed model, a missing ability

An ask has an `id`, unique in its search. `Search.ask` may list an ask again while it is in flight: an id is
submitted once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from nightschool.items import Draw, Item, Noise, Prefix, Sampled, Sampling, Segment, Usage, Verdict


@dataclass(frozen=True, slots=True)
class Propose:
    """Continue `prefix` n times. Draw i has the noise `noise.child(first_draw + i)`, so draws nest in larger n.

    begun: what was sampled of the draw before it was broken off, as `Delta.sampled` told it; with it n is 1, and the
    draw goes on from there as if it had never stopped. Its reply is that of the whole draw, usage included.
    without: what earlier draws behind this prefix sampled, in any order: the draws are as the model's would be if none
    of these could come, at temperature 1 (see `models.without`). Models that cannot do that draw as ever.
    """

    id: str
    prefix: Prefix
    n: int
    sampling: Sampling
    noise: Noise
    adapter: str | None = None
    first_draw: int = 0
    begun: Sampled = ()
    without: tuple[Sampled, ...] = ()


@dataclass(frozen=True, slots=True)
class Weigh:
    """Tell the log-probability of each of `continuations` after `prefix`, token by token.

    tops: how many of the likeliest tokens to tell of at each place; local models tell any number. With tops and no
    continuations the next token alone is asked for, of models that can no more than that (`Ability.NEXT`): the reply
    has a segment for each of the likeliest, best first.
    """

    id: str
    prefix: Prefix
    continuations: tuple[Segment, ...]
    adapter: str | None = None
    tops: int = 0

    @property
    def next_alone(self) -> bool:
        """Return whether the likeliest next tokens are asked for, and nothing is weighed."""
        return self.tops > 0 and not self.continuations


@dataclass(frozen=True, slots=True)
class Read:
    """Tell the hidden state at the last token of `prefix`. layer: counted as transformers does, -1 is the last."""

    id: str
    prefix: Prefix
    layer: int = -1
    adapter: str | None = None


CriticRole = Literal["verifier", "reference", "step"]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge `answer` to `item`. role: which of the task's critics; only a reference gets to see the target."""

    id: str
    item: Item
    answer: str
    role: CriticRole = "verifier"


ModelAsk = Propose | Weigh | Read
Ask = ModelAsk | Judge


Tops = tuple[tuple[int, float], ...]
"""Token ids with their log-probabilities, likeliest first."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The draws, in order of their number. A draw that failed or was cancelled is there, and says so.

    note: what there is to say of how they were made, which changed none of them.
    """

    id: str
    draws: tuple[Draw, ...]
    usage: Usage
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Weighed:
    """segments: the continuations with `tokens` and `logps` filled in (nats); ranks: of each token, 0 is likeliest.

    tops: of each continuation at each token (id, logp) of the likeliest, best first; empty where none were asked for;
    ranks_to: the rank from which on ranks are told as this one, by who sees no further; 0: all are exact.
    """

    id: str
    segments: tuple[Segment, ...]
    ranks: tuple[tuple[int, ...], ...]
    usage: Usage
    tops: tuple[tuple[Tops, ...], ...] = ()
    ranks_to: int = 0


@dataclass(frozen=True, slots=True)
class Hidden:
    """state[d]: a float32 array, owned by the receiver."""

    id: str
    state: Any
    usage: Usage


@dataclass(frozen=True, slots=True)
class Judged:
    """A critic's verdict; an error verdict where the critic failed."""

    id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done. reason: in words; by: `budget`, `cancelled` or `error`. A refusal is data, not an exception."""

    id: str
    reason: str
    by: Literal["budget", "cancelled", "error"]


ModelReply = Proposed | Weighed | Hidden | Refused
Reply = ModelReply | Judged


@dataclass(frozen=True, slots=True)
class Delta:
    """Progress on one draw of a Propose in flight.

    text: what became readable; tokens: newly sampled, for budgets; sampled: ids and log-probabilities of those that the
    draw goes on behind, where the model tells them.
    """

    id: str
    draw: int
    text: str
    tokens: int
    sampled: Sampled = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step of a model brought: finished replies and what running draws added."""

    replies: tuple[ModelReply, ...] = ()
    deltas: tuple[Delta, ...] = ()

"""What a drive is given: one search with its task, its noise, what it may spend, and who judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nightschool.asks import CriticRole
from nightschool.items import Noise, Task, Usage
from nightschool.ports import Critic, Search
from nightschool.search.budget import Budget


@dataclass(frozen=True, slots=True)
class Job:
    """One search to run. budget: for this search alone; critics: by the role that the search asks for."""

    search: Search[Any]
    task: Task
    noise: Noise
    budget: Budget | None = None
    critics: Mapping[CriticRole, Critic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars per million tokens. Weighed tokens are prompt tokens to those who charge."""

    prompt: float = 0.0
    sampled: float = 0.0

    def __post_init__(self) -> None:
        if not (self.prompt >= 0 and self.sampled >= 0):
            raise ValueError(f"a price is not below zero: {self}")

    def of(self, usage: Usage) -> float:
        """Return what `usage` costs in US dollars.

        >>> Price(prompt=1, sampled=10).of(Usage(prompt_tokens=1000, sampled_tokens=100))
        0.002
        """
        read = usage.prompt_tokens + usage.weighed_tokens
        return (read * self.prompt + usage.sampled_tokens * self.sampled) / 1e6

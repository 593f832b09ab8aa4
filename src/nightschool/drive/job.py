"""What a drive is given: one search with its task, its noise, what it may spend, and who judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nightschool.asks import CriticRole
from nightschool.items import Noise, Task
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

"""What all endpoints know: what is served, its limits, who may ask, and what was counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from nightschool.items import Usage
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.metrics import Metrics
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.relays import Relays
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.tickets import Tickets
from nightschool.surface.server.v1.ask import Limits


@dataclass(frozen=True, slots=True)
class Served:
    """A server's parts. keys: empty for a server that asks for none; reports: the folder that holds exams' pages;
    rooms: what is remembered; relays: the ways to servers behind models; tickets: open a report without a key.
    """

    minds: Minds
    limits: Limits = field(default_factory=Limits)
    keys: Keys = field(default_factory=Keys)
    metrics: Metrics = field(default_factory=Metrics)
    reports: Path | None = None
    rooms: Rooms = field(default_factory=Rooms)
    relays: Relays = field(default_factory=Relays)
    tickets: Tickets = field(default_factory=Tickets)


def served_of(request: Request) -> Served:
    """Return what the application of `request` serves."""
    served: Served = request.app.state.served
    return served


def seen(request: Request, *, model: str | None = None, usage: Usage | None = None) -> None:
    """Note for the log and the counters what a request was about; never what it said."""
    if model is not None:
        request.state.model = model
    if usage is not None:
        request.state.usage = usage

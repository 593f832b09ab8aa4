"""What the page shows of nights: the ledger of a space, each night with what it chose, learned and lost, and waking."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nightschool.errors import UnknownName
from nightschool.exam.report.write import sections
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.told import gate_page
from nightschool.surface.server.answering import Plain
from nightschool.surface.server.minds import BARE
from nightschool.surface.server.page.asked import number
from nightschool.surface.server.served import Served, served_of
from nightschool.surface.server.wire import WakeRequest, read

_AT_ONCE = 50
_DETAIL = ("settings", "gate", "scores")


async def nights(request: Request) -> Response:
    """Return the nights of this space, oldest first."""
    return Plain({"nights": await asyncio.to_thread(_nights, served_of(request), request.state.space)})


def _nights(served: Served, space: str) -> list[dict[str, Any]]:
    kept = served.minds.ledger(space)
    return [] if kept is None else [_line(night, kept) for night in kept.nights()]


def _line(night: Night, kept: Ledger) -> dict[str, Any]:
    return {name: value for name, value in _told(night, kept).items() if name not in _DETAIL}


def _told(night: Night, kept: Ledger) -> dict[str, Any]:
    current = kept.current(night.base)
    return {**night.as_dict(), "in_force": current is not None and current.name == night.name}


async def night(request: Request) -> Response:
    """Return one night, its sections as HTML, and some of its lessons."""
    served, space = served_of(request), request.state.space
    offset = number(request, "offset")
    return Plain(await asyncio.to_thread(_night, served, space, request.path_params["night"], offset))


def _night(served: Served, space: str, name: str, offset: int) -> dict[str, Any]:
    kept = served.minds.ledger(space)
    mine = kept.nights() if kept is not None else []
    found = [each for each in mine if each.name.startswith(name)]
    if kept is None or len(found) != 1:
        raise UnknownName("night", name, [each.name for each in mine])
    file = kept.folder / "lessons" / f"{found[0].name}.jsonl"
    lessons = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    told = {"night": _told(found[0], kept), "lessons": lessons[offset : offset + _AT_ONCE], "of": len(lessons)}
    if offset == 0:
        sources = Counter(str(lesson["source"]) for lesson in lessons)
        told["sections"] = sections(_page(found[0], sources, _texts(served, space, found[0])))
    return told


def _texts(served: Served, space: str, night: Night) -> dict[str, str]:
    """Return by id what the memories say that the night took up, those that are not forgotten since."""
    ids = [each["memory"] for each in night.scores.get("chosen", ())]
    return served.rooms.texts(space, ids) if ids else {}


def _page(night: Night, sources: Counter[str], texts: dict[str, str]) -> dict[str, Any]:
    """Return the night as sections of a report; a night of another version may have told less of itself."""
    told = night.scores
    page: dict[str, Any] = {"title": night.name, "gate": gate_page(night.gate, night.accepted, night.reason)}
    if told.get("practice"):
        page["practice"] = told["practice"]
    if told.get("chosen"):
        chosen = [{**each, "text": texts.get(each["memory"])} for each in told["chosen"]]
        page["selection"] = {"chosen": chosen, "left": told.get("left", {})}
    losses = [loss if loss is not None else float("nan") for loss in told.get("losses", ())]
    page["sleep"] = {"lessons": night.lessons, "steps": night.steps, "adapter": night.adapter, "losses": losses,
                     "marks": told.get("marks", ()), "sources": dict(sorted(sources.items()))}  # fmt: skip
    return page


async def wake(request: Request) -> Response:
    """Make a night the one that its model answers with from now on; `none`: the weights of the model in the body."""
    served, space = served_of(request), request.state.space
    asked = read(WakeRequest, await request.body())
    return Plain(await asyncio.to_thread(_wake, served, space, request.path_params["night"], asked.model))


def _wake(served: Served, space: str, name: str, model: str | None) -> dict[str, Any]:
    kept = served.minds.ledger(space)
    mine = kept.nights() if kept is not None else []
    if name == BARE:
        found = [night for night in mine if night.model == model]
    else:
        found = [night for night in mine if night.name == name]
    if kept is None or not found:
        known = {night.model for night in mine} if name == BARE else {night.name for night in mine}
        raise UnknownName("night" if name != BARE else "model", name if name != BARE else str(model), known)
    kept.switch(found[0].base, None if name == BARE else name)
    return {"nights": [_line(night, kept) for night in mine]}

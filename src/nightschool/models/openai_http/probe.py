"""What a server can do, found out once: its models, and one tiny request that a server which weighs must echo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightschool.errors import EndpointError, UnknownName
from nightschool.models.kinds import ENDPOINT
from nightschool.models.openai_http import shapes
from nightschool.models.openai_http.wire import Status, Wire
from nightschool.ports import Ability

_RETRIES = 2
_CONTEXT_TOKENS = 8192
_TEXT = "one two three"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. model: as the server calls it; context_tokens: as it says, else as configured, else 8192."""

    model: str
    abilities: frozenset[Ability]
    context_tokens: int


async def probe(wire: Wire) -> Found:
    """Return what the server can do. Raises EndpointError where none answers, UnknownName for a model it has not."""
    served = await _served(wire)
    wanted = wire.address.model
    if not wanted:
        if len(served) != 1:
            raise UnknownName(f"model at {wire.address.url}", "", served, "write openai:URL#MODEL")
        wanted = next(iter(served))
    abilities = set(ENDPOINT.abilities)
    try:
        reply = await wire.post(shapes.COMPLETIONS, shapes.weigh_body(_TEXT, wanted), _RETRIES)
    except Status as error:
        if error.status in (401, 403, 429) or (error.status >= 500 and error.status != 501):
            raise
        if error.status == 404 and served and wanted not in served and f"{wanted}:latest" not in served:
            raise UnknownName(f"model at {wire.address.url}", wanted, served) from error
        abilities.discard(Ability.WEIGH)
        if error.status in (404, 405, 501):
            abilities.discard(Ability.DOCUMENT)
    else:
        try:
            shapes.echo(reply, _TEXT[:3], _TEXT[3:])
        except EndpointError:
            abilities.discard(Ability.WEIGH)
    return Found(wanted, frozenset(abilities), wire.settings.context_tokens or _context(served.get(wanted, {})))


async def _served(wire: Wire) -> Mapping[str, Any]:
    try:
        listing = await wire.get("/models", _RETRIES)
    except Status as error:
        if error.status not in (404, 405, 501):
            raise
        return {}
    rows = listing.get("data")
    return {row["id"]: row for row in rows if isinstance(row, dict) and "id" in row} if isinstance(rows, list) else {}


def _context(row: Mapping[str, Any]) -> int:
    """Return the context length as vLLM, llama-server or SGLang put it."""
    meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
    for length in (row.get("max_model_len"), (meta or {}).get("n_ctx"), row.get("context_length")):
        if isinstance(length, int) and length > 0:
            return length
    return _CONTEXT_TOKENS

"""The likeliest next tokens, as a server lists them: all that some tell of a conversation beside what they sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightschool.asks import Weigh
from nightschool.errors import EndpointError
from nightschool.items import Prefix
from nightschool.models.openai_http.shapes import TOP, document, messages, path_of
from nightschool.models.openai_http.wire import Status, Wire

_NEEDED = ("logprobs", "top_logprobs")


async def likeliest(wire: Wire, model: str, ask: Weigh) -> Any:
    """Return the reply to `ask`, with as many tokens as it wants, or the few that every server gives.

    Raises EndpointError.
    """
    path = path_of(ask.prefix)
    try:
        return await wire.post(path, body_of(ask.prefix, model, ask.tops), needed=_NEEDED)
    except Status as error:
        if error.status not in (400, 422) or ask.tops <= TOP:
            raise
    return await wire.post(path, body_of(ask.prefix, model, TOP), needed=_NEEDED)


def body_of(prefix: Prefix, model: str, tops: int) -> dict[str, Any]:
    """Return the request for one token and the `tops` likeliest in its place.

    At temperature 1: where a server tells probabilities as it samples, they are then those of the model.
    """
    body: dict[str, Any] = {"model": model, "max_tokens": 1, "temperature": 1.0, "top_p": 1.0}
    said = messages(prefix)
    if said is None:
        return body | {"prompt": document(prefix), "logprobs": tops}
    return body | said | {"logprobs": True, "top_logprobs": tops}


def listed(reply: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the tokens that a reply lists, as text with log-probabilities in nats, likeliest first.

    Raises EndpointError where it lists none.
    """
    try:
        told = reply["choices"][0].get("logprobs") or {}
        if told.get("content"):
            found = [(each["token"], float(each["logprob"])) for each in told["content"][0].get("top_logprobs") or ()]
        else:
            [first, *_] = told.get("top_logprobs") or [{}]
            found = [(token, float(logp)) for token, logp in (first or {}).items()]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise EndpointError(f"a reply of an unknown shape ({type(error).__name__}: {error})") from error
    if not found:
        raise EndpointError("the server lists no likely tokens")
    return sorted(found, key=lambda pair: -pair[1])

"""POST /v1/embeddings: the hidden state at the end of each text, at length 1."""

from __future__ import annotations

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nightschool.asks import Hidden, Refused
from nightschool.surface.server.answering import Plain, settled, wait_for
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import seen, served_of
from nightschool.surface.server.v1.ask import texts_of
from nightschool.surface.server.v1.completions import texts_from
from nightschool.surface.server.wire import EmbeddingRequest, ignored, read

_MOST_TEXTS = 2048


async def embed(request: Request) -> Response:
    """Return where each text is in the model's space of hidden states."""
    served = served_of(request)
    asked = read(EmbeddingRequest, await request.body())
    if asked.dimensions is not None:
        raise Refusal(400, "dimensions is not supported: a hidden state has those it has", code="unsupported",
                      param="dimensions")  # fmt: skip
    space = request.state.space
    meant = await served.minds.meant(asked.model, None, space)
    texts: list[str] | list[int] | list[list[int]] = [asked.input] if isinstance(asked.input, str) else asked.input
    if not 0 < len(texts) <= _MOST_TEXTS:
        raise Refusal(400, f"1 to {_MOST_TEXTS} texts, not {len(texts)}", code="invalid_request", param="input")
    read_texts = await texts_from(texts, meant, "input")
    make = texts_of(tuple(read_texts), meant, served.minds, space, served.limits)
    answers = settled(await wait_for(meant.engine.ask(make), request))
    seen(request, model=asked.model, usage=answers.over.trace.usage)
    replies = {reply.id: reply for reply in answers.over.state.replies}
    data = []
    for at in range(len(read_texts)):
        reply = replies[f"text-{at}"]
        if isinstance(reply, Refused):
            raise Refusal(502, f"the model failed: {reply.reason}", code="model_error")
        assert isinstance(reply, Hidden)
        data.append({"object": "embedding", "index": at, "embedding": _written(reply.state, asked.encoding_format)})
    used = answers.over.trace.usage.prompt_tokens
    body = {
        "object": "list", "data": data, "model": asked.model, "usage": {"prompt_tokens": used, "total_tokens": used},
    }  # fmt: skip
    return Plain(body, headers=ignored(asked))


def _written(state: Any, form: str | None) -> Any:
    import numpy as np  # slow to import, and few ask

    vector = np.asarray(state, np.float32)
    vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(x) for x in vector]

"""Vectors from a server that speaks OpenAI's embeddings API (vLLM, Ollama, llama-server, hosted)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import httpx
import numpy as np

from nightschool.config import Endpoint
from nightschool.errors import EndpointError
from nightschool.models.openai_http.address import Address
from nightschool.remember.embed.port import Rows, grouped, means, pieces, unit

_BATCH = 64


class EndpointEmbedder:
    """The embedding model that `address` (`URL#MODEL`) serves. Raises EndpointError, BadSpec.

    transport: in place of the network, for tests.
    """

    def __init__(
        self, address: str, settings: Endpoint | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        settings = settings or Endpoint()
        self._address = Address.parse(address)
        key = os.environ.get(settings.key_variable)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(timeout=settings.timeout_s, headers=headers, transport=transport)
        self.name = f"openai:{self._address.url}#{self._address.model}"
        self.dims = self._asked(["."]).shape[1]

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage has at most 1,000 characters."""
        passages = [pieces(text) for text in texts]
        flat = [piece for some in passages for piece in some]
        if not flat:
            return []
        rows = [self._asked(flat[i : i + _BATCH]) for i in range(0, len(flat), _BATCH)]
        return grouped(np.concatenate(rows), [len(some) for some in passages])

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        return means(self.memories(texts), self.dims)

    def _asked(self, texts: Sequence[str]) -> Rows:
        url = f"{self._address.url}/embeddings"
        try:
            reply = self._client.post(url, json={"model": self._address.model, "input": list(texts)})
            reply.raise_for_status()
            data = sorted(reply.json()["data"], key=lambda each: each["index"])
            rows = np.array([each["embedding"] for each in data], np.float32)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise EndpointError(f"{url} did not embed: {error}; is {self._address.model!r} an embedder?") from error
        if len(rows) != len(texts):
            raise EndpointError(f"{url} sent {len(rows)} vectors for {len(texts)} texts")
        return unit(rows)

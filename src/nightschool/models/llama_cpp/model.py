"""A GGUF file run by llama.cpp, behind the port."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from nightschool.asks import ModelAsk, Progress, Propose
from nightschool.config import Endpoint
from nightschool.errors import EndpointError, PromptTooLong
from nightschool.items import Adapter, Prefix, digest
from nightschool.models.llama_cpp.child import Child
from nightschool.models.openai_http import shapes
from nightschool.models.openai_http.address import Address
from nightschool.models.openai_http.model import HttpModel
from nightschool.models.weights import gguf_file, kept
from nightschool.models.weights.template import has_template
from nightschool.ports import Ability, Requests, Watcher

_SILENCE_S = 600.0  # a long prompt of a large model takes minutes before its first token
_COUNTED = 4096  # prompts whose length is remembered


class LlamaCpp:
    """The GGUF file at `path`, run by llama.cpp in a process of its own that ends with this one.

    Every draw has its own seed; which draws run beside it changes a draw as far as rounding does. It neither weighs
    text nor tells hidden states, and cannot be trained: the same file under its path alone runs on the local engine.
    """

    def __init__(
        self,
        path: Path,
        watch: Watcher,
        *,
        name: str,
        branches: int = 4,
        context_tokens: int = 4096,
        threads: int = 0,
        settings: Endpoint | None = None,
    ) -> None:
        """Load the file. branches: answers at once; context_tokens: room for each, at most what the model was made for;
        threads: 0 for one a core. Raises ModelNotFound, ModelDamaged, MissingDependency.
        """
        gguf_file.check(path)
        self.name = name
        self._child = Child(path, branches=branches, context_tokens=context_tokens, threads=threads)
        try:
            self.identity = digest(
                "llama.cpp", kept.remembered_sha256_of(path), importlib.metadata.version("xllamacpp")
            )
            headers = {"Authorization": f"Bearer {self._child.key}"}
            self._direct = httpx.Client(base_url=self._child.url, headers=headers, timeout=_SILENCE_S, trust_env=False)
            facts = self._asked("GET", "/props")
            self.context_tokens = int(facts["default_generation_settings"]["n_ctx"])
            # where the file has no template, llama.cpp takes one of its own that the model never saw
            self._chats = has_template(path) is not False and bool(facts.get("chat_template"))
        except BaseException:
            self._child.close()
            raise
        settings = dataclasses.replace(
            settings or Endpoint(), requests=branches, draws_per_request=1, retries=1, timeout_s=_SILENCE_S,
            context_tokens=self.context_tokens,
        )  # fmt: skip
        self._served = HttpModel(
            Address.parse(self._child.url), settings, watch, name=name, key=self._child.key,
            also=frozenset({Ability.SCHEMA}),
        )  # fmt: skip
        self._lengths: OrderedDict[str, int] = OrderedDict()

    @property
    def process(self) -> int:
        """Return the number of the process that llama.cpp runs in."""
        return self._child.id

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return what llama.cpp can do with this file."""
        return self._served.abilities - (frozenset() if self._chats else {Ability.CHAT})

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in, all or none. Raises Unsupported, and PromptTooLong with both counts."""
        for ask in asks:
            if isinstance(ask, Propose) and Ability.SAMPLE in self.abilities:
                self._fit(ask)
        self._served.submit(asks)

    def _fit(self, ask: Propose) -> None:
        prompt = self._length(ask.prefix)
        if prompt + ask.sampling.max_tokens > self.context_tokens:
            raise PromptTooLong(
                f"a prompt of {prompt} tokens and {ask.sampling.max_tokens} more do not fit the {self.context_tokens} "
                f"tokens of {self.name} (ask {ask.id!r}); shorten the prompt, ask for fewer tokens, or give it more "
                "with context_tokens"
            )

    def _length(self, prefix: Prefix) -> int:
        """Return how many tokens llama.cpp makes of a prefix."""
        body = shapes.messages(prefix)
        text = shapes.document(prefix) if body is None else str(self._asked("POST", "/apply-template", body)["prompt"])
        if text not in self._lengths:
            self._lengths[text] = len(
                self._asked("POST", "/tokenize", {"content": text, "add_special": True})["tokens"]
            )
            if len(self._lengths) > _COUNTED:
                self._lengths.popitem(last=False)
        return self._lengths[text]

    def _counted(self, text: str, special: bool) -> int:
        return len(self._asked("POST", "/tokenize", {"content": text, "add_special": special})["tokens"])

    def _asked(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return self._direct.request(method, path, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            how = str(error) if self._child.alive() else f"its process ended: {self._child.last_words()}"
            raise EndpointError(f"llama.cpp failed on {self.name}: {how}") from error

    def step(self) -> Progress:
        """Wait a little for the next piece of any answer, and tell of all that has come."""
        return self._served.step()

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks; the next step replies with what they have."""
        self._served.cancel(ids)

    def requests(self, ask: ModelAsk) -> Requests:
        """Return how many requests `ask` becomes."""
        return self._served.requests(ask)

    def load_adapter(self, adapter: Adapter) -> None:
        """Raise Unsupported: an adapter is merged into a GGUF file by `nightschool export`."""
        self._served.load_adapter(adapter)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` is, without special tokens."""
        return self._counted(text, special=False)

    def close(self) -> None:
        """End the process, and what is in flight with it."""
        self._served.close()
        self._direct.close()
        self._child.close()

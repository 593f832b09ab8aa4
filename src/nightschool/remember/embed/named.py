"""From the name of an embedder, as a user writes it, to the embedder."""

from __future__ import annotations

from nightschool.config import Config
from nightschool.errors import UnknownName
from nightschool.ports import Watcher
from nightschool.remember.embed.port import Embedder

NAMES = ("minilm", "wordllama", "none")


def open_embedder(name: str, config: Config | None = None, watch: Watcher | None = None) -> Embedder | None:
    """Return the embedder: `minilm`, `wordllama`, `openai:URL#MODEL`; None for `none`, which recalls by words alone.

    Raises UnknownName with near misses, and as the embedder does.
    """
    if name == "none":
        return None
    if name.startswith("openai:"):
        from nightschool.remember.embed.endpoint import EndpointEmbedder

        return EndpointEmbedder(name.removeprefix("openai:"), config.endpoint if config else None)
    if name not in NAMES:
        raise UnknownName("embedder", name, NAMES, "or openai:URL#MODEL")
    from nightschool.remember.embed.packaged import MiniLM, WordLlama

    return MiniLM(watch) if name == "minilm" else WordLlama(watch)

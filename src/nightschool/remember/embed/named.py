"""From the name of an embedder, as a user writes it, to the embedder."""

from __future__ import annotations

from nightschool.config import Config
from nightschool.errors import BadSpec, UnknownName
from nightschool.ports import Model, Watcher
from nightschool.remember.embed.port import Embedder

NAMES = ("minilm", "wordllama", "hidden", "none")
_OTHERS = "or st:ORG/NAME, hidden:MODEL, openai:URL#MODEL"


def open_embedder(
    name: str, config: Config | None = None, watch: Watcher | None = None, model: Model | None = None
) -> Embedder | None:
    """Return the embedder; None for `none`, which recalls by words alone.

    `minilm`, `wordllama`; `st:ORG/NAME` or `st:FOLDER`; `openai:URL#MODEL`; `hidden:MODEL` and `hidden:MODEL#LAYER`,
    or `hidden` for the states of `model` itself.

    Raises UnknownName with near misses, BadSpec, and as the embedder does.
    """
    if name == "none":
        return None
    kind, _, rest = name.partition(":")
    if kind == "openai" and rest:
        from nightschool.remember.embed.endpoint import EndpointEmbedder

        return EndpointEmbedder(rest, config.endpoint if config else None)
    if kind == "st" and rest:
        from nightschool.remember.embed.sentence import SentenceTransformer

        return SentenceTransformer(rest)
    if kind == "hidden":
        return _hidden(rest, config, watch, model)
    if name not in NAMES:
        raise UnknownName("embedder", name, NAMES, _OTHERS)
    from nightschool.remember.embed.packaged import MiniLM, WordLlama

    return MiniLM(watch) if name == "minilm" else WordLlama(watch)


def _hidden(named: str, config: Config | None, watch: Watcher | None, model: Model | None) -> Embedder:
    from nightschool.models.resolve import open_model
    from nightschool.remember.embed.hidden import HiddenStates

    name, mark, layer = named.partition("#")
    if mark and not layer.lstrip("-").isdigit():
        raise BadSpec(f"a layer is a number, not {layer!r}; write hidden:smollm2#20")
    if not name and model is None:
        raise BadSpec("hidden states of which model? write hidden:MODEL, such as hidden:smollm2")
    if name and (model is None or model.name != name):
        model = open_model(name, config, watch=watch)
    assert model is not None  # named, or given
    return HiddenStates(model, int(layer) if mark else -1)

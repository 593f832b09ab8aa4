"""The kinds of models and what each can do, known without loading any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nightschool.asks import ModelAsk, Propose, Read
from nightschool.errors import Unsupported
from nightschool.ports import Ability


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model. written: how a user names one; abilities: what it can do, at the best."""

    name: str
    written: str
    abilities: frozenset[Ability]


LOCAL = Kind(
    "local",
    "smollm2, gemma3-270m, hf:ORG/NAME, a transformers folder, a .gguf file",
    frozenset(Ability) - {Ability.NEXT},  # they weigh
)
ENDPOINT = Kind(
    "endpoint",
    "openai:URL#MODEL",
    frozenset({Ability.CHAT, Ability.DOCUMENT, Ability.SAMPLE, Ability.LOGPS, Ability.WEIGH, Ability.NEXT}),
)
GGUF = Kind(
    "gguf",
    "gguf:PATH",
    frozenset({Ability.CHAT, Ability.DOCUMENT, Ability.SAMPLE, Ability.LOGPS, Ability.NEXT, Ability.SCHEMA}),
)
SCRIPTED = Kind("scripted", "scripted", frozenset(Ability) - {Ability.TRAIN, Ability.SCHEMA, Ability.NEXT})
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (LOCAL, ENDPOINT, GGUF, SCRIPTED)}

_WORDS = {
    Ability.CHAT: "continue conversations",
    Ability.DOCUMENT: "continue plain text",
    Ability.SAMPLE: "sample",
    Ability.LOGPS: "tell the log-probabilities of what it samples",
    Ability.WEIGH: "weigh given text",
    Ability.NEXT: "list the likeliest next tokens",
    Ability.HIDDEN: "tell hidden states",
    Ability.SCHEMA: "keep a JSON schema",
    Ability.ADAPTERS: "load adapters",
    Ability.TRAIN: "be trained",
}


def asked_for(ask: ModelAsk) -> Ability:
    """Return what a model must be able to do for `ask`, whatever its prompt."""
    if isinstance(ask, Propose):
        return Ability.SAMPLE
    if isinstance(ask, Read):
        return Ability.HIDDEN
    return Ability.NEXT if ask.next_alone else Ability.WEIGH


def unsupported(model: str, missing: Iterable[Ability], why: str = "") -> Unsupported:
    """Return the error for a model that lacks abilities, naming the kinds that have them."""
    wanted = sorted(missing)
    able = [kind.written for kind in KINDS.values() if kind.abilities >= set(wanted) and kind is not SCRIPTED]
    words = " or ".join(_WORDS[ability] for ability in wanted)
    reason = f" ({why})" if why else ""
    return Unsupported(f"{model} cannot {words}{reason}; these can: {'; '.join(able) or 'none'}")

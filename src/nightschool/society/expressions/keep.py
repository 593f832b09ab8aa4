"""A grammar and a recogniser on disk: a library and weights as plain data, the network as safetensors."""

from __future__ import annotations

import json
from typing import Any

from safetensors.torch import load, save

from nightschool.errors import BadFile
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.invent import abstraction
from nightschool.society.expressions.language import Language
from nightschool.society.expressions.recogniser import Recogniser


def told(grammar: Grammar) -> dict[str, Any]:
    """Return the grammar as plain data: what it has beyond its language, in the order in which it was learned."""
    known = grammar.language.primitives.items()
    library = {name: grammar.language.written(one.body) for name, one in known if one.body is not None}
    return {
        "language": grammar.language.name,
        "given": grammar.given,
        "library": library,
        "weights": dict(grammar.weights),
    }


def grammar_from(data: dict[str, Any], language: Language) -> Grammar:
    """Return the grammar that `told` told of. Raises BadFile for another language or a body that has no kinds."""
    if data.get("language") != language.name:
        raise BadFile(f"this grammar is of the language {data.get('language')!r}, not {language.name!r}")
    grammar = Grammar(language, data["given"])
    for name, body in data["library"].items():
        made = abstraction(grammar, name, body)
        if made is None:
            raise BadFile(f"the abstraction {name} of this grammar has no kinds in {language.name}: {body}")
        grammar = Grammar(grammar.language.joined(made), grammar.given)
    return Grammar(grammar.language, grammar.given, data["weights"])


def pack(recogniser: Recogniser) -> bytes:
    """Return the recogniser's network as bytes, with the names of the rules that it weighs."""
    return save(dict(recogniser.net.state_dict()), metadata={"rules": json.dumps(recogniser.names)})


def unpack(data: bytes, grammar: Grammar) -> Recogniser:
    """Return the recogniser in `data`, which weighs the rules of `grammar`. Raises BadFile for one of other rules."""
    recogniser = Recogniser(grammar)
    try:
        size = int.from_bytes(data[:8], "little")
        rules = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["rules"])
        if rules != recogniser.names:
            raise ValueError("it weighs the rules of another grammar")
        recogniser.net.load_state_dict(load(data))
    except Exception as error:
        raise BadFile(f"these {len(data)} bytes hold no recogniser for this grammar: {error}") from error
    return recogniser

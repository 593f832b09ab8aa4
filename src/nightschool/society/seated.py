"""Adapters: a model put in the place of a choice of another, so that what one predicts is the latent of the other.

A decoder is a program that draws its latent from a plain prior and makes something of it. `seated` has another model
make that latent: a language model, a planner, another decoder. `through` turns what a model gives into what is wanted
there. Scores, proposals and what-ifs go through as through any program.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from nightschool.errors import UnknownName
from nightschool.society.generative import Call
from nightschool.society.potentials import exactly
from nightschool.society.program import Program


def seated(outer: Program, inner: Mapping[str, Callable[..., Call]]) -> Program:
    """Return `outer` with the choices at these addresses made by other models.

    inner: by address, the call that makes it, from what `outer` is called with; its value takes the place. Raises
    UnknownName, as it runs, for an address at which `outer` makes no choice.
    """

    def body(*args: Any) -> Generator[tuple[str, Call], Any, Any]:
        running, met = outer.body(*args), dict.fromkeys(inner, False)
        try:
            address, call = next(running)
            while True:
                if address in met:
                    met[address], call = True, inner[address](*args)
                address, call = running.send((yield address, call))
        except StopIteration as stop:
            if missed := [one for one, found in met.items() if not found]:
                raise UnknownName("choice", missed[0], [], f"{outer.name} makes none there to be replaced") from None
            return stop.value

    return type(outer)(body, f"{outer.name} with {', '.join(inner)} replaced", outer.ports)


def through(call: Call, turn: Callable[[Any], Any], name: str = "turned") -> Call:
    """Return the call whose value is `turn` of what `call` gives: its own choices are at `from`."""

    def body() -> Generator[tuple[str, Call], Any, Any]:
        return (yield "to", exactly(turn((yield "from", call))))

    return Program(body, name)()

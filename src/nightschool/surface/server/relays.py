"""Wires to the servers behind models, used from the event loop that clients are answered in."""

from __future__ import annotations

from dataclasses import dataclass, field

from nightschool.models.openai_http.wire import Wire
from nightschool.surface.server.engine import Engine


@dataclass(slots=True)
class Relays:
    """Wires to the servers behind models, each with the name that the model has there; made when first needed."""

    _known: dict[str, tuple[Wire, str]] = field(default_factory=dict)

    async def to(self, engine: Engine) -> tuple[Wire, str] | None:
        """Return the wire to the server behind `engine`, None where its model is run here. Raises EndpointError."""
        if engine.name not in self._known:
            made = await engine.call(lambda model: apart() if (apart := getattr(model, "apart", None)) else None)
            if made is None:
                return None
            self._known[engine.name] = made
        return self._known[engine.name]

    async def close(self) -> None:
        """Close all connections."""
        known, self._known = self._known, {}
        for wire, _ in known.values():
            await wire.close()

"""What one night produced, as a manifest named by its content."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from nightschool.errors import NightError
from nightschool.items import digest


@dataclass(frozen=True, slots=True)
class Night:
    """A manifest of one night.

    name: content hash of all the rest but `created`; base, model: identity and name of the model; task: what was
    practised; adapter: content hash of the weights; parent: the night before it in the lineage; lessons: how many, and
    lessons_hash: of their ids; steps: gradient steps; accepted, reason: what the gate said; gate, scores, settings:
    plain data; created: ISO 8601 time; version: of the library.
    """

    base: str
    model: str
    task: str
    adapter: str
    lessons: int
    lessons_hash: str
    steps: int
    seed: int
    accepted: bool
    reason: str
    created: str
    version: str
    parent: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def named(self) -> Night:
        """Return the night with its name: 16 hexadecimal digits of its content."""
        content = {key: value for key, value in asdict(self).items() if key not in ("name", "created")}
        return replace(self, name=digest(content)[:16])

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON can write it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Night:
        """Return the night that `as_dict` wrote. Raises NightError where the content does not have that name."""
        try:
            night = cls(**data)
        except TypeError as error:
            raise NightError(f"a manifest of a night that cannot be read: {error}") from error
        if night.named().name != night.name:
            raise NightError(f"the manifest of night {night.name} was changed: its content hashes otherwise")
        return night

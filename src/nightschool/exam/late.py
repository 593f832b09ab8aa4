"""A model that is made when it is first asked: where every answer is on record, nothing is made at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nightschool.asks import ModelAsk, Progress
from nightschool.items import Adapter
from nightschool.ports import Ability, Model, Requesting, Requests


class Late:
    """The model that `make` returns, under a name and an identity that are known before. like: one of its kind."""

    def __init__(self, name: str, identity: str, like: Model, make: Callable[[], Model]) -> None:
        self.name, self.identity = name, identity
        self._like, self._make = like, make
        self._made: Model | None = None

    @property
    def numerics(self) -> str:
        """Return in what numbers it samples: those of its kind."""
        return str(getattr(self._like, "numerics", ""))

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return what its kind can."""
        return self._like.abilities

    @property
    def context_tokens(self) -> int:
        """Return the context of its kind."""
        return self._like.context_tokens

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in, after the model was made. Raises what making it raises."""
        if self._made is None:
            self._made = self._make()
        self._made.submit(asks)

    def step(self) -> Progress:
        """Do the least useful work; none where nothing was asked yet."""
        return Progress() if self._made is None else self._made.step()

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks."""
        if self._made is not None:
            self._made.cancel(ids)

    def requests(self, ask: ModelAsk) -> Requests:
        """Return what its kind makes of `ask`."""
        return self._like.requests(ask) if isinstance(self._like, Requesting) else Requests()

    def load_adapter(self, adapter: Adapter) -> None:
        """Pass the adapter on, which makes the model. Raises Unsupported."""
        if self._made is None:
            self._made = self._make()
        self._made.load_adapter(adapter)

    def count_tokens(self, text: str) -> int:
        """Return what its kind counts."""
        return self._like.count_tokens(text)

    def close(self) -> None:
        """Close it, if it was made."""
        if self._made is not None:
            self._made.close()
            self._made = None

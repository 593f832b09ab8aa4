"""The expert of worlds whose truth is written down rather than computed."""

from __future__ import annotations

from nightschool.items import Item


class Informed:
    """An expert that was given the answers. between: what stands between their steps, where they have steps that are
    right or wrong whatever stands before them (see `ports.Stepwise`).
    """

    def __init__(self, between: str | None = None) -> None:
        if between is not None:
            self.between = between

    def demonstrate(self, item: Item) -> str:
        """Return the target of `item`. Raises ValueError for an item that came without its truth."""
        if item.target is None:
            raise ValueError(f"item {item.id!r} came without its truth, and nothing else tells the answer")
        return item.target

"""A critic for each item: that of a file whose lines name their own."""

from __future__ import annotations

from collections.abc import Mapping

from nightschool.critics.compose import Combines, refuse_consulting
from nightschool.critics.judging import judge
from nightschool.items import Item, Verdict
from nightschool.ports import Critic, Sight


class Each(Combines):
    """Judges an item with the one of `critics` that stands under its id.

    Each is called as it would be by itself: within its own time, and blind where it is a verifier, though others of
    them see the target. Raises BadSpec for a critic that asks a model.
    """

    def __init__(self, critics: Mapping[str, Critic]) -> None:
        parts = {critic.name: critic for critic in critics.values()}
        for part in parts.values():
            refuse_consulting(part)
        self.critics = critics
        self.name = f"each({'; '.join(sorted(parts))})"
        blind = all(critic.sight is Sight.VERIFIER for critic in parts.values())
        self.sight = Sight.VERIFIER if blind else Sight.REFERENCE

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict of the item's own critic. Raises LookupError for an item that has none."""
        if item.id not in self.critics:
            raise LookupError(f"no line of this file is the item {item.id!r}")
        return judge(self.critics[item.id], item, answer)

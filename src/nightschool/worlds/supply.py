"""A supply of generated items: seeded, without duplicates, each list a prefix of every longer one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from nightschool.items import Item, Noise, Split
from nightschool.worlds.dice import Dice

UNLIMITED = 1_000
"""How many items a generated world gives when no limit is named: its items have no natural end."""

_PATIENCE = 2_000


def supply(
    draw: Callable[[Dice], Item | None], spec: str, split: Split, limit: int | None, seed: int
) -> tuple[Item, ...]:
    """Return at most `limit` items of `split` out of `draw`, no two alike; fewer where the space runs out.

    draw: makes one item of any split, or None where a roll makes none. spec: names the world, so that unlike worlds
    roll unlike dice.
    No two items share a leak key, so that items are independent in statistics. Practice is no statistic: once its keys
    have run out, it goes on with other items of keys it had (another order of the same numbers).
    A space counts as run out after 2,000 draws in a row that brought nothing new.
    """
    if limit is not None and limit < 0:
        raise ValueError(f"a limit is at least 0, not {limit}")
    return tuple(islice(_stream(draw, spec, Split(split), seed), UNLIMITED if limit is None else limit))


def _stream(draw: Callable[[Dice], Item | None], spec: str, split: Split, seed: int) -> Iterator[Item]:
    dice = Dice(Noise((spec, "items", seed)))
    keys: set[str] = set()
    ids: set[str] = set()
    yield from _unseen(draw, dice, split, keys, ids, by_key=True)
    if split is Split.PRACTICE:
        yield from _unseen(draw, dice, split, keys, ids, by_key=False)


def _unseen(
    draw: Callable[[Dice], Item | None], dice: Dice, split: Split, keys: set[str], ids: set[str], *, by_key: bool
) -> Iterator[Item]:
    misses = 0
    while misses < _PATIENCE:
        item = draw(dice)
        misses += 1
        if item is None or item.id in ids or (by_key and item.key in keys) or item.split is not split:
            continue
        keys.add(item.key)
        ids.add(item.id)
        misses = 0
        yield item

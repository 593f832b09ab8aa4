"""How near the truth is, as far as the likeliest next tokens tell: bounds, of servers that weigh no conversations.

A listed token that is the truth's whole first word is its first token, since tokenizers part text at words; one that
only begins it may be that token or not, so that the rank is its own or a worse one and the probability its own or less.
Where none is listed, the rank is worse than all that are, and the probability at most that of the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.asks import Weigh, Weighed
from nightschool.drive import Job
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.rung import Room
from nightschool.exam.weighing import place_of
from nightschool.items import Item, Noise, Prefix, Sampling, Task
from nightschool.ports import Ability
from nightschool.stats import wilson
from nightschool.think.asking import Asking

TOPS = 20
"""As many likely tokens as the protocol lets one ask for."""
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One item. rank: the best that its first token can have, 0 is likeliest; most: its greatest probability; exact:
    whether it has just these; seen: how many tokens were listed.
    """

    item: Item
    rank: int
    most: float
    exact: bool
    seen: int


def lists_alone(room: Room, item: Item) -> bool:
    """Return whether the room's model can only list next tokens behind the prompt of `item`."""
    chats = room.world.pose(item, room.wording).text is None
    return Ability.NEXT in room.abilities and (chats or Ability.WEIGH not in room.abilities)


def glimpse(item: Item, listed: Sequence[tuple[str, float]]) -> Glimpse:
    """Return what `listed`, tokens with log-probabilities in nats, likeliest first, says of the item's target.

    Raises ValueError where nothing is listed or the target is empty.
    """
    truth = (item.target or "").strip()
    if not listed or not truth:
        raise ValueError("there is nothing to look for, or nothing to look in")
    words = [token.strip() for token, _ in listed]
    whole = next((place for place, word in enumerate(words) if word == truth.split()[0]), None)
    begun = next((place for place, word in enumerate(words) if word and truth.startswith(word)), None)
    place = whole if whole is not None else begun
    if place is None:
        return Glimpse(item, len(listed), math.exp(listed[-1][1]), False, len(listed))
    return Glimpse(item, place, math.exp(listed[place][1]), whole is not None, len(listed))


def bounds(sitting: Sitting, known: Sequence[Item], name: str, title: str) -> Finding | str:
    """Return bounds on the rank and the probability of the right first token of `known`, items with a target."""
    room = sitting.room
    assert room.run is not None
    jobs = []
    for item in known:
        prompt = room.world.pose(item, room.wording)
        search = Asking((Weigh("next", Prefix(prompt), (), room.adapter, TOPS),))
        jobs.append(Job(search, Task(item, prompt, Sampling(1), room.adapter), Noise((room.seed, name, item.id))))
    seen = []
    for trace in room.run(jobs):
        told = trace.thoughts[0].value if trace.thoughts else None
        if isinstance(told, Weighed) and told.segments and (trace.task.item.target or "").strip():
            listed = [(each.text, each.logp) for each in told.segments if each.logp is not None]
            seen += [glimpse(trace.task.item, listed)] if listed else []
    if not seen:
        return "the server lists no likely tokens"
    return _finding(seen, len(known), name, title)


def _finding(seen: Sequence[Glimpse], asked: int, name: str, title: str) -> Finding:
    n, least = len(seen), min(each.seen for each in seen)
    levels = [k for k in (1, 5, 20) if k <= least]
    shares = {
        k: (sum(each.exact and each.rank < k for each in seen), sum(each.rank < k for each in seen)) for k in levels
    }
    lows = {k: wilson(sure, n).low for k, (sure, _) in shares.items()}
    highs = {k: wilson(most, n).high for k, (_, most) in shares.items()}
    among = "; ".join(f"among the first {k} for {_range(*shares[k], n)}" for k in levels[1:])
    notes = [
        f"This server lists the {least} likeliest next tokens of a conversation and weighs nothing, so that ranks and "
        f"probabilities are bounds. They are exact for {sum(each.exact for each in seen)} of {n} items, whose first "
        f"word is listed whole; for {sum(each.rank >= each.seen for each in seen)} nothing that begins the truth is.",
        f"The right first token is the likeliest for {_range(*shares[1], n)} of the items (95% interval over both: "
        f"{lows[1]:.0%} to {highs[1]:.0%})" + (f"; {among}." if among else "."),
    ]
    if n < asked:
        notes.append(f"{asked - n} items were not told of and are left out.")
    placed = sorted(((at, each) for each in seen if (at := place_of(each.item)) is not None), key=lambda pair: pair[0])
    along = len(placed) >= 0.5 * n
    order = [each for _, each in placed] if along else sorted(seen, key=lambda each: (each.rank, -each.most))
    xs = [at for at, _ in placed] if along else [float(i + 1) for i in range(n)]
    axis = "place in the list" if along else "items, the best known first"
    ranks = tuple((x, each.rank + 1.0) for x, each in zip(xs, order, strict=True))
    most = tuple((x, each.most) for x, each in zip(xs, order, strict=True))
    rows: list[tuple[Cell, ...]] = [
        (each.item.id, each.item.target, each.rank + 1 if each.exact else f"{each.rank + 1} or worse",
         f"{each.most:.2g}" if each.exact else f"{each.most:.2g} or less")
        for each in sorted(seen, key=lambda each: -each.rank)[:_SHOWN]
    ]  # fmt: skip
    return Finding(
        name,
        title,
        f"The right first token is the likeliest for {_range(*shares[1], n)} of the items, as far as the {least} "
        "likeliest tokens tell.",
        tuple(notes),
        ("least known items", "right", "rank of first token", "its probability"),
        tuple(rows),
        (
            Drawing("dots" if along else "lines", "best possible rank of the right first token", axis, "rank",
                    log_y=True, series=(Series("rank", ranks),)),
            Drawing("dots" if along else "lines", "greatest possible probability of the right first token",
                    axis, "probability", rate=True, series=(Series("probability", most),)),
        ),
        {
            "bounds": True,
            "listed": least,
            "first_token_top": {str(k): [shares[k][0] / n, shares[k][1] / n, lows[k], highs[k]] for k in levels},
            "items": [[each.item.id, each.rank + 1, each.most, each.exact] for each in seen],
        },
    )  # fmt: skip


def _range(sure: int, most: int, n: int) -> str:
    return f"{sure / n:.0%}" if sure == most else f"{sure / n:.0%} to {most / n:.0%}"

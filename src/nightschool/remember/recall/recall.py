"""From a cue to the memories that matter, with every score that chose them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightschool.errors import UsageError
from nightschool.remember.embed.port import Embedder
from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.recall.cue import Cue, content_words, read_cue
from nightschool.remember.recall.defaults import LEARNED
from nightschool.remember.recall.features import NAMES, REACH, Evidence, features
from nightschool.remember.recall.fuse import fused
from nightschool.remember.recall.rank import Ranker
from nightschool.remember.store.port import Hit, Store
from nightschool.remember.strength import retrievability
from nightschool.remember.tags import tags_of

_LISTED = 100  # from each way of finding
_POOL = 100  # kept when the ways are fused
_BESIDE = 30  # of the best, whose neighbours become candidates too
_SPREAD = 10  # of the best, whose links are followed
_NEAR = 0.3  # cosine
_FITTING = ("words", "words-1", "words+1", "tag", "time", "linked", "second cue")
_FADED = 0.5  # what is left of the weight of a memory that is wholly forgotten: weighted, never zeroed
_OUTDATED = 1.0  # nats that something superseded has to be better by
_SALIENT = 0.3  # nats that the most salient memory is ahead by


@dataclass(frozen=True, slots=True)
class Recollection:
    """A memory that was recalled. score: a logit, comparable within one recall; ways: how it was found.

    features: by name; parts: what each adds to the score, with `strength`, `salience` and `superseded`.
    """

    memory: Memory
    score: float
    ways: tuple[str, ...]
    features: Mapping[str, float]
    parts: Mapping[str, float]
    retrievability: float

    @property
    def fits(self) -> bool:
        """Return whether it or the turn beside it shares words with the cue, or it a tag or a time, is linked, or near.

        In a small store everything is found somehow; what does not fit is better not put before a model.
        """
        return self.features.get("meaning", 0.0) >= 3 * _NEAR or any(self.features.get(name, 0.0) for name in _FITTING)


def recall(
    store: Store,
    text: str,
    embedder: Embedder | None,
    now: float,
    limit: int = 10,
    *,
    ranker: Ranker = LEARNED,
    hops: int = 1,
) -> list[Recollection]:
    """Return the memories that `text` calls up, best first, at most `limit`. Nothing is written.

    embedder: None recalls by words alone; now: Unix seconds; hops: 2 follows up on what the first cue found with a
    second one, for questions whose answer is not where their words are.

    Raises UsageError for an empty cue, and StoreError.
    """
    if not text.strip():
        raise UsageError("there is nothing to recall: the cue is empty")
    cue = read_cue(text, now)
    query = embedder.cues([text])[0] if embedder else None
    found = _found(store, cue, query, embedder)
    first = _ranked(store, cue, query, embedder, found, {}, now, ranker, limit)
    if hops > 1 and first:
        second = _second(store, cue, first)
        return _ranked(store, cue, query, embedder, found, second, now, ranker, limit)
    return first


def _found(
    store: Store, cue: Cue, query: NDArray[np.float32] | None, embedder: Embedder | None
) -> dict[str, list[Hit]]:
    """Return what each way of finding brings."""
    ways = {
        "words": store.lexical(cue.words, _LISTED),
        "tag": store.tagged([*cue.words, *tags_of(cue.text)], _LISTED),
    }
    if embedder is not None and query is not None:
        ways["meaning"] = store.dense(embedder.name, query, _LISTED)
    if cue.span is not None:
        ways["time"] = store.during(cue.span.start, cue.span.end, _LISTED)
    return ways


def _ranked(
    store: Store,
    cue: Cue,
    query: NDArray[np.float32] | None,
    embedder: Embedder | None,
    found: Mapping[str, Sequence[Hit]],
    second: Mapping[str, float],
    now: float,
    ranker: Ranker,
    limit: int,
) -> list[Recollection]:
    pool = list(fused(list(found.values())))[:_POOL]
    # links bring in what nothing else found; among what was found they would only echo its order
    links = {id: value for id, value in _spread(store.links(pool[:_SPREAD]), pool[:_SPREAD]).items() if id not in pool}
    candidates = store.get(list(dict.fromkeys([*pool, *links, *second])))
    around = store.beside(_places(list(candidates.values())))
    beside = [
        other.id
        for memory in list(candidates.values())[:_BESIDE]
        for step in (-1, 1)
        if memory.session and (other := around.get((memory.session, memory.turn + step)))
    ]
    candidates |= store.get([id for id in dict.fromkeys(beside) if id not in candidates])
    meaning = {hit.id: hit.score for hit in found.get("meaning", ())}
    if embedder is not None and query is not None:
        unknown = [id for id in {*candidates, *(m.id for m in around.values())} if id not in meaning]
        meaning |= store.similarities(embedder.name, query, unknown)
    evidence = Evidence(
        words={hit.id: hit.score for hit in found["words"]},
        meaning=meaning,
        tag=_relative(found["tag"]),
        time=_relative(found.get("time", ())),
        linked=links,
        second=second,
        around=around,
    )
    listed = list(candidates.values())
    table = features(cue, listed, evidence)
    ways = {
        **found,
        "link": [Hit(id, s) for id, s in links.items()],
        "second cue": [Hit(i, s) for i, s in second.items()],
    }
    by_id: dict[str, list[str]] = {}
    for way, hits in ways.items():
        for hit in hits:
            by_id.setdefault(hit.id, []).append(way)
    added = [_added(cue, memory, now) for memory in listed]
    scores = [float(logit) + sum(parts.values()) for logit, parts in zip(ranker.scores(table), added, strict=True)]
    # only what is returned is spelled out
    order = sorted(range(len(listed)), key=lambda i: (-scores[i], listed[i].id))[:limit]
    return [
        _spelled(listed[i], scores[i], by_id.get(listed[i].id, ["beside"]), table[i], added[i], now, ranker)
        for i in order
    ]


def _added(cue: Cue, memory: Memory, now: float) -> dict[str, float]:
    """Return what is added to a memory's logit, whatever it says."""
    left = retrievability(memory.strength, now)
    return {
        "strength": math.log(_FADED + (1 - _FADED) * left),
        "salience": _SALIENT * memory.salience.value,
        "superseded": -_OUTDATED if memory.superseded_by and not cue.formerly else 0.0,
    }


def _spelled(
    memory: Memory,
    score: float,
    ways: Sequence[str],
    row: NDArray[np.float32],
    added: Mapping[str, float],
    now: float,
    ranker: Ranker,
) -> Recollection:
    known = {name: round(float(value), 4) for name, value in zip(NAMES, row, strict=True) if value}
    parts = {name: value * weight for name, value in known.items() if (weight := ranker.weights.get(name, 0.0))}
    shown = {name: round(value, 4) for name, value in {**parts, **added}.items() if value}
    left = round(retrievability(memory.strength, now), 4)
    return Recollection(memory, round(score, 4), tuple(ways), known, shown, left)


def _spread(links: Sequence[Link], from_: Sequence[str]) -> dict[str, float]:
    """Return the activation that reaches others from `from_`, less with every place down. Ref: collins1975.

    What was said next is a neighbour, and looked at as one.
    """
    reached: dict[str, float] = {}
    for link in links:
        if link.kind is LinkKind.NEXT:
            continue
        for start, end in ((link.source, link.target), (link.target, link.source)):
            if start in from_:
                activation = link.weight / (1 + from_.index(start))
                reached[end] = max(reached.get(end, 0.0), activation)
    return reached


def _second(store: Store, cue: Cue, first: Sequence[Recollection]) -> dict[str, float]:
    """Return what the words of the best memories call up that the cue's own do not contain."""
    reached: dict[str, float] = {}
    for rank, recollection in enumerate(first[:3], 1):
        words = [word for word in content_words(recollection.memory.content) if word not in cue.words][:20]
        hits = [hit for hit in store.lexical(words, _LISTED // 4) if hit.id != recollection.memory.id]
        for id, score in _relative(hits).items():
            reached[id] = max(reached.get(id, 0.0), score / rank)
    return reached


def _relative(hits: Sequence[Hit]) -> dict[str, float]:
    most = max((hit.score for hit in hits), default=0.0) or 1.0
    return {hit.id: hit.score / most for hit in hits}


def _places(memories: Sequence[Memory]) -> list[tuple[str, int]]:
    steps = range(-REACH, REACH + 1)
    return list(dict.fromkeys((m.session, m.turn + step) for m in memories if m.session for step in steps))

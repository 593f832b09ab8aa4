"""Learning from what came of recalls: which of the memories shown were of use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nightschool.remember.memory import Memory
from nightschool.remember.recall.defaults import LEARNED
from nightschool.remember.recall.features import NAMES
from nightschool.remember.recall.rank import Example, Ranker, fitted
from nightschool.remember.recall.recall import Recollection
from nightschool.remember.store.port import Feedback, Store
from nightschool.remember.strength import strengthened

ENOUGH = 20
"""recalls with feedback, below which the weights stay as they came"""
_LATEST = 500
_PULL = 20.0  # recalls that the weights one starts with are worth, per unit in each feature


def praise(store: Store, cue: str, shown: Sequence[Recollection], useful: Sequence[str], now: float) -> list[Memory]:
    """Return the memories of ids `useful`, stronger by this recall, once that and the feedback are kept."""
    features = {each.memory.id: dict(each.features) for each in shown}
    memories = [strengthened(memory, now) for memory in store.get(useful).values()]
    store.set_strengths({memory.id: memory.strength for memory in memories if memory.strength})
    store.add_feedback(Feedback(cue, now, features, tuple(id for id in useful if id in features)))
    return memories


def ranker_of(store: Store, prior: Ranker = LEARNED) -> Ranker:
    """Return the ranker fitted on the latest feedback in `store`, held near `prior`; `prior` where there is little."""
    told = [each for each in store.feedback() if each.useful and len(each.shown) > 1][-_LATEST:]
    if len(told) < ENOUGH:
        return prior
    examples = []
    for each in told:
        rows = [[features.get(name, 0.0) for name in NAMES] for features in each.shown.values()]
        wanted = [i for i, id in enumerate(each.shown) if id in each.useful]
        examples.append(Example(np.array(rows, np.float32), wanted))
    return fitted(examples, prior=prior, pull=_PULL)

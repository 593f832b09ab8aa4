"""A hippocampus: a small next-token model over experiences and reward tokens that foretells whether reward will come.

It is taught the token that hindsight puts behind each event and what came before it (not the chatter in between, which
nothing foretells); asked, it gives the probability of that token. What it expects much of is worth consolidating before
it is rewarded.
Ref: lisman2005 (a loop that decides by expected reward what enters long-term memory); janner2021 (rewards as tokens of
one sequence).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.ports import Watcher
from nightschool.train.examples import Example
from nightschool.train.scratch import Schooling, Size, newborn, teach, word_tokenizer

SIZE = Size(hidden=48, layers=2, heads=4, context=256)
SCHOOLING = Schooling(steps=250, rate=5e-3)
_BATCH = 32


class Hippocampus:
    """Foretells which of two tokens stands behind a text. words: all that it can read; what else there is, it skips."""

    def __init__(self, words: Sequence[str], soon: str, later: str, *, size: Size = SIZE, seed: int = 0) -> None:
        self._known = frozenset(words)
        if not {soon, later} <= self._known:
            raise UsageError(f"the words of a hippocampus hold {soon} and {later}")
        self._tokenizer: Any = word_tokenizer(words)
        self._context = size.context
        self._soon, self._later = (self._ids(word)[0] for word in (soon, later))
        self._module = newborn(size, self._tokenizer, seed)

    def learn(
        self,
        texts: Sequence[tuple[str, str]],
        schooling: Schooling = SCHOOLING,
        watch: Watcher | None = None,
    ) -> list[float]:
        """Return the loss of each step, in nats, after learning `texts`: words, and the token behind them.

        The same texts and seed give the same weights. Raises UsageError for no texts.
        """
        if not texts:
            raise UsageError("a hippocampus needs experiences to learn from")
        told = [(*self._ids(text), *self._ids(token)) for text, token in texts]
        examples = [Example(ids, len(ids) - 1) for ids in told if len(ids) > 1]
        dice = random.Random(schooling.seed)
        return teach(self._module, lambda step: dice.choices(examples, k=_BATCH), schooling, watch)

    def foretell(self, texts: Sequence[str]) -> list[float]:
        """Return for each text the probability in [0, 1] that reward comes soon, of the two tokens alone."""
        self._module.eval()
        found: list[float] = []
        with torch.no_grad():
            for text in texts:
                ids = self._ids(text)
                if not ids:
                    found.append(0.5)
                    continue
                logits = self._module(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
                pair = torch.softmax(logits[[self._soon, self._later]].float(), 0)
                found.append(float(pair[0]))
        return found

    def _ids(self, text: str) -> list[int]:
        """Return the ids of the known words, the last of them where there are more than fit."""
        known = " ".join(word for word in text.split() if word in self._known)
        ids: list[int] = self._tokenizer.encode(known, add_special_tokens=False) if known else []
        return ids[-(self._context - 1) :]

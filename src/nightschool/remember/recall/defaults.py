"""The weights that recall starts with."""

from __future__ import annotations

from nightschool.remember.recall.rank import PLAIN, Ranker

LEARNED: Ranker = PLAIN

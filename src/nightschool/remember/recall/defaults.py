"""The weights that recall starts with.

Fitted by `benchmarks/remember_locomo.py` on 582 questions about four long conversations, for which turns hold the
evidence; the benchmark itself measures weights that were fitted without the conversation asked about. What those
questions cannot teach (links, second cues) stays as set by hand.
"""

from __future__ import annotations

from nightschool.remember.recall.rank import Ranker

LEARNED = Ranker(
    {
        "words": 3.0641,
        "meaning": 1.3969,
        "words-2": 1.3062,
        "words-1": 1.5207,
        "words+1": 0.1011,
        "words+2": 0.4325,
        "meaning-2": -0.0791,
        "meaning-1": -0.4605,
        "meaning+1": 0.4686,
        "meaning+2": -0.0322,
        "session words": 2.3055,
        "session meaning": 0.6742,
        "speaker": 2.5825,
        "length": 2.8066,
        "asks": -0.1011,
        "of oneself": 0.4781,
        "says when": 2.2485,
        "says how many": 1.2272,
        "after a question": -0.6328,
        "answers": 1.1766,
        "tag": 0.3963,
        "time": 4.6338,
        "linked": 1.0,
        "second cue": 1.0,
    }
)

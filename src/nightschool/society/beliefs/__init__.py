"""What a mind may claim: a language model's word in many contexts, held to the logic of what it says.

odds = heard(asking, propositions)               what it says of each proposition, context by context
reading = fit_reading(odds, truths, folds)       how to take its word, learned on practice items
held = hold(propositions, reading.odds(odds), links)
held.after, held.claims(0.9), held.broken(0.5)   the posterior, what may be claimed, what contradicts itself
"""

from nightschool.society.beliefs.contexts import CONTEXTS, Context, heard
from nightschool.society.beliefs.hold import Held, broken, hold
from nightschool.society.beliefs.links import Link, inferred, stated
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import PLAIN, Reading, fit_reading
from nightschool.society.beliefs.sharpen import Case, sharpened

__all__ = [
    "CONTEXTS", "PLAIN", "Case", "Context", "Held", "Link", "Proposition", "Reading", "broken", "fit_reading", "heard",
    "hold", "inferred", "sharpened", "stated",
]  # fmt: skip

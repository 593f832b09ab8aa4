"""How sure a number is: intervals, paired tests, non-inferiority, power and families of tests.

Everything here is a pure function of counts and outcomes. What needs randomness takes a numpy Generator.

    rates      the interval of a rate, and how many items a claim about it needs
    paired     the same items before and after: counts, mid-p McNemar test, score interval
    margin     "nothing lost": non-inferiority of a paired difference, and the power to see it
    bootstrap  intervals of means and differences whose outcomes repeat within an item
    family     several tests at once: Holm, fixed sequence, the cheapest way that reaches a target
    draws      pass@k without bias from n draws
    curation   draws for each accepted answer, and what n draws will contain, told from a few
    steps      error, recovery and horizon of work that goes on for many steps
    components variance of outcomes over items, wordings and repeats, taken apart
    calibration   reliability, Brier, calibration error without its bias, temperature
    growth     smooth or switch-like over a family of sizes
    spread     worst, median and best of many ways from a part of the full grid
"""

from nightschool.stats.bootstrap import bootstrap_difference, bootstrap_mean
from nightschool.stats.draws import pass_at_k
from nightschool.stats.family import Candidate, Reached, cheapest_reaching, fixed_sequence, holm
from nightschool.stats.margin import NonInferiority, items_to_see, noninferior, power_to_accept, power_to_see
from nightschool.stats.paired import Paired, difference, mcnemar
from nightschool.stats.rates import (
    MOST_TO_PROVE,
    clustered_rate,
    exact_low,
    items_for_width,
    items_to_prove,
    p_above,
    wilson,
)

__all__ = [
    "MOST_TO_PROVE",
    "Candidate",
    "NonInferiority",
    "Paired",
    "Reached",
    "bootstrap_difference",
    "bootstrap_mean",
    "cheapest_reaching",
    "clustered_rate",
    "difference",
    "exact_low",
    "fixed_sequence",
    "holm",
    "items_for_width",
    "items_to_prove",
    "items_to_see",
    "mcnemar",
    "noninferior",
    "p_above",
    "pass_at_k",
    "power_to_accept",
    "power_to_see",
    "wilson",
]

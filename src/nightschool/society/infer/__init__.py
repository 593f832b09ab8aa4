"""Inference: one call, many schedulers. `infer(model(args), given, noise, by=...)` gives weighted runs and log Z.

Importance   independent runs, from the model or a proposal
Enumeration  every combination of discrete choices: exact
Particles    runs that grow stage by stage, resampled and rejuvenated
Tempering    runs that walk from the prior to the posterior
Chains       Markov chains side by side
Waves        independent runs until a budget is spent

A change of the world (`do`) is carried out after the posterior is known, with the noise that the posterior holds: so
counterfactuals come out of the same call. `refine` climbs to the best explanation nearby.
"""

from nightschool.society.infer.chains import Chains
from nightschool.society.infer.enumeration import Enumeration
from nightschool.society.infer.importance import Importance
from nightschool.society.infer.infer import infer
from nightschool.society.infer.moves import Fresh, Hamiltonian, Langevin, Walk
from nightschool.society.infer.particles import Particles
from nightschool.society.infer.posterior import Posterior
from nightschool.society.infer.refine import refine
from nightschool.society.infer.tempering import Tempering
from nightschool.society.infer.waves import Waves

__all__ = [
    "Chains", "Enumeration", "Fresh", "Hamiltonian", "Importance", "Langevin", "Particles", "Posterior", "Tempering",
    "Walk", "Waves", "infer", "refine",
]  # fmt: skip

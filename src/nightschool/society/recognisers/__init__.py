"""Recognisers: networks that have dreamt of a model and propose what explains an input; the model itself decides.

kinds        the choices that a recogniser makes, and how each becomes numbers
recogniser   a network as a proposal: simulate, and the density of what it proposes
blend        the network's proposals mixed with the model's own, so that nothing possible is left out
schooling    what it learns from: dreams (samples of the model) and replays (what searches found)
"""

from nightschool.society.recognisers.blend import Blend
from nightschool.society.recognisers.recogniser import Recogniser
from nightschool.society.recognisers.schooling import Lessons, teach

__all__ = ["Blend", "Lessons", "Recogniser", "teach"]

"""A mind: a model with what stands around it, in one file that answers new inputs by itself.

mind = read_mind("mind.toml")
trace = mind.think("31, 5, 12", Drive(model))
"""

from nightschool.mind.file import read_mind, write_mind
from nightschool.mind.mind import WORLD, Mind

__all__ = ["WORLD", "Mind", "read_mind", "write_mind"]

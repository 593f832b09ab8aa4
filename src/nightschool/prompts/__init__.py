"""Wordings: the ways in which a task is posed, kept as data files and rendered into prompts.

`wordings` reads them, `fill` puts an item's inputs into a text, `render` makes the prompt. A wording is named by the
hash of its content (`Wording.id`), which enters minds and cache keys: a changed comma is another wording.
"""

from nightschool.prompts.fill import fill, names_in
from nightschool.prompts.render import render
from nightschool.prompts.wordings import built_in, parse, read

__all__ = ["built_in", "fill", "names_in", "parse", "read", "render"]

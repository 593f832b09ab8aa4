"""From what a user writes to a world.

    sorting                          a world with its defaults
    sorting:n=5,high=99              with parameters
    file:questions.csv               the user's own items
    file:questions.csv,input=question,target=answer,critic=numeric:tolerance=0.1

A path may hold commas, colons and equals signs. It ends where a comma, the name of a parameter and an equals sign
follow; where several such places are, at the last that leaves the name of something that exists. In the same way a
value ends only where another parameter begins, so that a critic may be written with parameters of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

from nightschool.errors import BadSpec, UnknownName
from nightschool.ports import World
from nightschool.registry import make, names
from nightschool.worlds.file import PARAMETERS, FileWorld

_FREE = frozenset({"critic", "verifier", "prompt", "system", "wordings"})  # values that may look like parameters
_NEXT = re.compile(r",\s*(\w+)\s*=")


def open_world(text: str) -> World:
    """Return the world that `text` names. Raises UnknownName with near misses, BadSpec, BadFile and BadItems."""
    name, _, rest = text.strip().partition(":")
    if name == "file":
        path, given = split_file_spec(rest)
        return FileWorld(path, **given)
    if name not in names("worlds") and Path(text).suffix:
        raise UnknownName("world", text, names("worlds"), hint=f"for a file of your own type file:{text}")
    world: World = make("worlds", text.strip())
    return world


def split_file_spec(rest: str) -> tuple[str, dict[str, str]]:
    """Return the path and the parameters of what stands behind `file:`. Raises BadSpec.

    >>> split_file_spec("a,b.csv,critic=regex:pattern=x,flags=i,input=q")
    ('a,b.csv', {'critic': 'regex:pattern=x,flags=i', 'input': 'q'})
    """
    rest = rest.removeprefix("path=")
    if not rest:
        raise BadSpec("file: names no file; type file:PATH, such as file:questions.csv")
    cuts = [match.start() for match in _NEXT.finditer(rest) if match.group(1) in PARAMETERS]
    ends = [end for end in (len(rest), *reversed(cuts)) if Path(rest[:end]).exists()]
    end = ends[0] if ends else cuts[0] if cuts else len(rest)
    path = rest[:end]
    if not ends and (strange := _NEXT.search(path)) and Path(path[: strange.start()]).exists():
        _refuse_parameter(strange.group(1))
    return path, _parameters(rest[end:])


def _parameters(text: str) -> dict[str, str]:
    starts = [match for match in _NEXT.finditer(text) if match.group(1) in PARAMETERS]
    given: dict[str, str] = {}
    for match, end in zip(starts, [*(later.start() for later in starts[1:]), len(text)], strict=False):
        name, value = match.group(1), text[match.end() : end].strip()
        if name in given:
            raise BadSpec(f"the parameter {name} of file is given twice: {given[name]!r} and {value!r}")
        if name not in _FREE and (strange := _NEXT.search(value)):
            _refuse_parameter(strange.group(1))
        given[name] = value
    return given


def _refuse_parameter(name: str) -> None:
    raise BadSpec(str(UnknownName("parameter of file", name, PARAMETERS)))

"""The tree drawn in the docstring of `errors` is the tree of classes."""

from __future__ import annotations

import inspect
import re

from nightschool import errors

_NODE = re.compile(r"^    ([│ ]*)(?:[├└]── )?(\w+)(?: \((\w+)\))?")


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Return name -> (parent, builtin) as the docstring draws it."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if not (line.startswith("    ") and ("── " in line or line.strip() == "NightschoolError")):
            continue
        found = _NODE.match(line)
        assert found, line
        depth = 0 if "── " not in line else len(found[1]) // 4 + 1
        above[depth:] = [found[2]]
        tree[found[2]] = (above[depth - 1] if depth else None, found[3])
    return tree


def real() -> dict[str, tuple[str | None, str | None]]:
    """Return name -> (parent, builtin) of the classes."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.NightschoolError):
            ours = [base.__name__ for base in kind.__bases__ if issubclass(base, errors.NightschoolError)]
            builtin = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
            tree[name] = (ours[0] if ours else None, builtin[0] if builtin and ours else None)
    return tree


def test_the_drawn_tree_is_the_real_one() -> None:
    assert drawn() == real()
    assert len(drawn()) > 10


def test_where_nothing_is_known_that_is_said_or_the_hint_alone() -> None:
    assert str(errors.UnknownName("concept", "zorp", [])) == "no concept called 'zorp'; there is none"
    assert str(errors.UnknownName("memory", "m", [], "nightschool ls memories")) == (
        "no memory called 'm' (nightschool ls memories)"
    )


def test_every_leaf_prints_its_message_alone() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if name not in ("UnknownName", "BadItems") and issubclass(kind, errors.NightschoolError):
            assert str(kind("what happened")) == "what happened", name

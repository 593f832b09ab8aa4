"""Finding a function by its name, and what it says of an answer."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Item

_IMPORTLIB = importlib.__file__


def find(path: str) -> Callable[..., Any]:
    """Return the function at `module:function` or `FILE.py:function`. Raises UnknownName, and BadSpec, which says where
    its code fails.
    """
    where, colon, name = path.rpartition(":")
    if not colon or not where or not name:
        raise BadSpec(f"{path!r} names no function; write module:function or FILE.py:function")
    module = _load_file(Path(where)) if where.endswith(".py") else _import(where)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnknownName(f"function in {where}", name, [n for n in dir(module) if callable(getattr(module, n))])
        found = getattr(found, part)
    if not callable(found):
        raise BadSpec(f"{path} is a {type(found).__name__}, not a function")
    return found  # type: ignore[no-any-return]


def _import(where: str) -> Any:
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        hint = f"; is it a file? write {where}.py" if Path(f"{where}.py").is_file() else ""
        if error.name is not None and f"{where}.".startswith(f"{error.name}."):
            raise BadSpec(f"cannot import {where!r}: {error}{hint}") from error
        raise BadSpec(f"cannot import {where!r}: {_failure(error)}") from error
    except (Exception, SystemExit) as error:  # whatever a user's module does while it is imported
        raise BadSpec(f"cannot import {where!r}: {_failure(error)}") from error


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise BadSpec(f"there is no file {path}")
    name = f"nightschool_critic_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # as above
        del sys.modules[name]
        raise BadSpec(f"cannot load {path}: {_failure(error)}") from error
    return module


def _failure(error: BaseException) -> str:
    """Return what went wrong in a user's code and where: the last line of the first file that is not Python's own."""
    kind = type(error).__name__
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}, line {error.lineno}: {kind}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is this module's
    own = [frame for frame in frames if not frame.filename.startswith("<frozen ") and frame.filename != _IMPORTLIB]
    lines = [frame.lineno for frame in own if frame.filename == own[0].filename]
    return f"{own[0].filename}, line {lines[-1]}: {kind}: {error}" if own else f"{kind}: {error}"


def said_by(function: Callable[..., Any], item: Item, answer: str) -> Any:
    """Return what `function` says, as it says it but for numbers of numpy and torch; raises what it raises."""
    said = function(item, answer) if takes_item(function) else function(answer)
    return (plain(said[0]), said[1]) if isinstance(said, tuple) and len(said) == 2 else plain(said)


def plain(said: Any) -> Any:
    """Return what was said, a number of numpy or torch as one of Python."""
    return said.item() if hasattr(said, "item") and not isinstance(said, (bool, int, float)) else said


def takes_item(function: Callable[..., Any]) -> bool:
    """Return whether `function` takes (item, answer), and not (answer) alone. Raises BadSpec for any other."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C tell nothing
        return False
    for arguments in ((None, ""), ("",)):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        needed = [p for p in signature.parameters.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        return len(arguments) == 2 and len(needed) != 1  # f(answer, strict=False) takes no item
    raise BadSpec(f"a function that judges takes (answer) or (item, answer), not {signature}")

"""Any Python function as a critic, in this process or in some of its own."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightschool.critics.apart import Apart
from nightschool.critics.compose import Combines
from nightschool.critics.parameters import above_zero, share, sight_of
from nightschool.errors import BadSpec, UnknownName
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_IMPORTLIB = importlib.__file__


class CallableCritic(Combines):
    """Judges with a function of yours: `f(answer)` or `f(item, answer)`. It is trusted.

    path: the function, or where it is: `package.module:function` or `judge.py:function`.
    It returns a bool, a score in [0, 1] (passed from `pass_at` on), either of them with feedback as a pair, or a
    Verdict. sight: `verifier` (the default) hands it the item without its target, `reference` with it.
    timeout_s: after which it is left alone (see `timelimit`), an error verdict.
    processes: 0 for this process; else as many of its own (see `apart`), for a function that keeps a processor busy: it
    takes no time from decoding, and what runs out of time or crashes is ended. For a function that is named.
    Raises BadSpec and UnknownName for a path that leads nowhere.
    """

    name = "callable"

    def __init__(
        self,
        path: str | Callable[..., Any],
        sight: Sight | str = Sight.VERIFIER,
        pass_at: float = 1.0,
        timeout_s: float = 30.0,
        processes: int = 0,
    ) -> None:
        self.function = find(path) if isinstance(path, str) else path
        self.name = f"callable:path={path}" if isinstance(path, str) else getattr(path, "__name__", "callable")
        self.sight = sight_of(sight, "callable")
        self.pass_at = share(above_zero(pass_at, "pass_at", "callable"), "pass_at", "callable")
        self.limit_s = above_zero(timeout_s, "timeout_s", "callable")
        self.apart = _apart(path, processes)
        self.takes_item = _takes_item(self.function)
        self.timeout_s = None if self.apart else self.limit_s  # its processes keep to it themselves

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return what the function says, as a verdict. Raises what it raises, and TypeError or ValueError else."""
        if self.apart is not None:
            said = self.apart.judge(item, answer, self.limit_s)
        else:
            said = self.function(item, answer) if self.takes_item else self.function(answer)
        feedback = ""
        if isinstance(said, tuple) and len(said) == 2 and isinstance(said[1], str):
            said, feedback = said
        if isinstance(said, Verdict):
            return said
        said = _plain(said)
        if isinstance(said, bool):
            return Verdict.of(said, feedback)
        if not isinstance(said, (int, float)):
            raise TypeError(f"it returned {type(said).__name__}, not a bool, a score in [0, 1] or a Verdict")
        if math.isnan(said) or not 0 <= said <= 1:
            raise ValueError(f"it returned {said}, which is not in [0, 1]")
        return Verdict(float(said), said >= self.pass_at, feedback)


def said_by(function: Callable[..., Any], item: Item, answer: str) -> Any:
    """Return what `function` says, as it says it but for numbers of numpy and torch; raises what it raises."""
    said = function(item, answer) if _takes_item(function) else function(answer)
    return (_plain(said[0]), said[1]) if isinstance(said, tuple) and len(said) == 2 else _plain(said)


def _plain(said: Any) -> Any:
    return said.item() if hasattr(said, "item") and not isinstance(said, (bool, int, float)) else said


def _apart(path: object, processes: object) -> Apart | None:
    if not isinstance(processes, int) or isinstance(processes, bool) or processes < 0:
        raise BadSpec(f"callable: processes is a whole number, 0 or more, not {processes!r}")
    if not processes:
        return None
    if not isinstance(path, str):
        raise BadSpec("callable: processes of its own need the name of the function, such as path=judge.py:judge")
    return Apart(path, processes)


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


def _takes_item(function: Callable[..., Any]) -> bool:
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

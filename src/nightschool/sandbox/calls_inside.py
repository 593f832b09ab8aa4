"""Runs inside the sandbox: loads a candidate's code, evaluates calls of it, and tells their values as plain data.

It stands alone (the standard library of Python 3.9) and holds no secret: what a right value would be is not here. The
nonce keeps stray output apart from frames; code that forges a frame has only found another way to give a value.
Standard input: a JSON object with `nonce`, `code` and `calls`. Standard output: one frame per line,
`NONCE WORD JSON`, WORD being `ready`, `loaded` or the number of a call. What the code prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_LONGEST_MESSAGE = 300


def encode(value: Any) -> Any:
    """Return `value` as JSON that `calls.decode` reads: built-in types exactly, and nothing of a subclass."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return {"int": hex(value)}  # decimal digits of a huge int are refused, and slow
    if kind is float:
        return {"float": value.hex()}
    if kind is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind is dict:
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [encode(item) for item in value]}
    return {"other": kind.__name__[:100]}


def main() -> None:
    """Answer one job."""
    job = json.loads(sys.stdin.buffer.read())
    answers = os.dup(1)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)

    def tell(word: object, **what: object) -> None:
        left = f"{job['nonce']} {word} {json.dumps(what)}\n".encode()
        while left:
            left = left[os.write(answers, left) :]

    tell("ready")
    names: dict[str, Any] = {"__name__": "answer", "__builtins__": __builtins__}
    try:
        exec(compile(job["code"], "answer.py", "exec", dont_inherit=True), names)
    except BaseException as error:
        tell("loaded", raised=_said(error))
        os._exit(0)
    tell("loaded")
    for number, call in enumerate(job["calls"]):
        try:
            told = {"value": encode(eval(call, names))}
        except BaseException as error:
            told = {"raised": _said(error)}
        tell(number, **told)
    os._exit(0)  # threads and exit handlers of the candidate have nothing more to say


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:_LONGEST_MESSAGE]
    except BaseException:  # its __str__ is the candidate's too
        return "an exception"


if __name__ == "__main__":
    main()

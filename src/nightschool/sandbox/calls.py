"""Calling functions of a candidate's code in a sandbox: calls go in as source, values come out as plain data.

What a value should be never enters the sandbox: comparing happens outside, so code cannot read, guess from its own
process, or forge the outcome. What remains: the code sees the arguments of all calls at once, state lives from one
call to the next, and a value that can be guessed (a bool) is as good as computed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightschool.ports import Outcome, Sandbox

_INSIDE = Path(__file__).with_name("calls_inside.py")
_MOST_HASHED = 2_000  # members of a set or dict: a candidate can choose numbers whose hashes all collide
_COLLECTIONS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


@dataclass(frozen=True, slots=True)
class Called:
    """What one call gave: a value of built-in types, or what it raised, in words."""

    value: Any = None
    raised: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """Stands for a value that is not of a built-in type; equal to nothing."""

    kind: str

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return hash(self.kind)


@dataclass(frozen=True, slots=True)
class Calls:
    """What came of a job. load_error: why the code could not be loaded; called: results of the first calls, in order.

    There are fewer results than calls where the code ended or was ended first; tampered: somebody else wrote frames.
    """

    load_error: str | None
    called: tuple[Called, ...]
    outcome: Outcome
    tampered: bool = False


def call(sandbox: Sandbox, code: str, calls: Sequence[str], *, timeout_s: float) -> Calls:
    """Return what the expressions `calls` give after `code` was run. Raises RuntimeError where the sandbox failed.

    timeout_s: wall time for all of it. A slow machine that does not even start in time is a RuntimeError as well:
    nothing is known of the code then.
    """
    nonce = secrets.token_hex(16)
    job = json.dumps({"nonce": nonce, "code": code, "calls": list(calls)}).encode()
    outcome = sandbox.run(
        ["python3", "-I", "-S", "calls.py"],
        stdin=job,
        files={"calls.py": _INSIDE.read_bytes()},
        timeout_s=timeout_s,
    )
    frames = _frames(outcome.stdout, nonce)
    if not frames or frames[0][0] != "ready":
        said = outcome.stderr.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"the sandbox did not start (ended by {outcome.ended_by}, {outcome.status}): {said}")
    frames = frames[1:]
    load_error: str | None = None
    if frames and frames[0][0] == "loaded":
        raised = frames[0][1].get("raised")
        load_error = None if raised is None else str(raised)
        frames = frames[1:]
    expected = [str(number) for number in range(len(calls))]
    words = [word for word, _ in frames]
    if words != expected[: len(words)]:
        return Calls(load_error, (), outcome, tampered=True)
    return Calls(load_error, tuple(_called(told) for _, told in frames), outcome)


def decode(told: Any) -> Any:
    """Return the value that `calls_inside.encode` wrote. Raises ValueError for anything else.

    Sets and dicts of more than 2,000 members are refused.
    """
    if told is None or isinstance(told, (bool, str)):
        return told
    if not isinstance(told, dict) or len(told) != 1:
        raise ValueError("not an encoded value")
    ((kind, content),) = told.items()
    try:
        if kind in ("set", "frozenset", "dict") and len(content) > _MOST_HASHED:
            raise ValueError(f"a {kind} of {len(content):,} members is not read")
        match kind:
            case "int":
                return int(content, 16)
            case "float":
                return float.fromhex(content)
            case "complex":
                return complex(*map(float.fromhex, content))
            case "bytes":
                return bytes.fromhex(content)
            case "dict":
                return {decode(key): decode(value) for key, value in content}
            case "other":
                return Other(str(content))
            case _:
                return _COLLECTIONS[kind](map(decode, content))
    except (TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError("not an encoded value") from error


def _frames(stdout: bytes, nonce: str) -> list[tuple[str, dict[str, Any]]]:
    frames: list[tuple[str, dict[str, Any]]] = []
    for line in stdout.splitlines():
        mark, _, rest = line.partition(b" ")
        if mark != nonce.encode():
            continue
        word, _, text = rest.partition(b" ")
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):  # cut off where the run was ended, or forged
            break
        if not isinstance(told, dict):
            break
        frames.append((word.decode(errors="replace"), told))
    return frames


def _called(told: dict[str, Any]) -> Called:
    if "raised" in told:
        return Called(raised=str(told["raised"]))
    try:
        return Called(decode(told.get("value")))
    except ValueError:
        return Called(Other("unreadable value"))

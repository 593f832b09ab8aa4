"""What a recogniser sees of examples: how inputs and outputs compare, as shares of the examples. Ref: odena2020.

Views of a value (its length, its first items, its last, its sum...) are compared with each other and with small
numbers; lists are compared as wholes and item by item. None of it knows the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from nightschool.society.expressions.space import Example

_SMALL = range(7)
_VIEWS: Mapping[str, Callable[[list[int]], int]] = {
    "length": len, "first": lambda a: a[0], "second": lambda a: a[1], "third": lambda a: a[2],
    "fourth": lambda a: a[3], "fifth": lambda a: a[4], "last": lambda a: a[-1], "last but one": lambda a: a[-2],
    "least": min, "most": max, "sum": sum,
}  # fmt: skip
_TESTS: Mapping[str, Callable[[int], bool]] = {
    **{f"is {k}": lambda n, k=k: n == k for k in range(6)},  # type: ignore[misc]  # k is bound now
    **{f"above {k}": lambda n, k=k: n > k for k in range(6)},  # type: ignore[misc]
    **{f"part of {k}": lambda n, k=k: n % k == 0 for k in range(2, 6)},  # type: ignore[misc]
    "prime": lambda n: n > 1 and all(n % d for d in range(2, n)) if n < 1000 else False,
}


def seen(examples: Sequence[Example]) -> torch.Tensor:
    """Return [len(NAMES)] for each property: the share of examples that it holds of, in [0, 1]; 0 where it makes no
    sense, and beside it (the second half) the share that it makes sense of."""
    told = [dict(_told(given, wanted)) for given, wanted in examples]
    n = len(told)
    holds = [sum(float(one.get(name, 0.0)) for one in told) / n for name in NAMES]
    asked = [sum(name in one for one in told) / n for name in NAMES]
    return torch.tensor([*holds, *asked])


def _told(given: Any, wanted: Any) -> Iterator[tuple[str, float]]:
    one, other = _as_list(given), _as_list(wanted)
    views = _viewed(one)
    results = {f"small {k}": k for k in _SMALL} | {f"in {name}": value for name, value in views.items()}
    for name, value in _viewed(other).items():
        if not isinstance(wanted, list) and name != "first":
            continue
        yield from ((f"out {name} = {other_name}", float(value == known)) for other_name, known in results.items())
        if name in views:
            yield f"out {name} < in", float(value < views[name])
    if isinstance(wanted, bool):
        yield from ((f"truth if all {name}", float(wanted == all(map(test, one)))) for name, test in _TESTS.items())
        yield from ((f"truth if any {name}", float(wanted == any(map(test, one)))) for name, test in _TESTS.items())
    elif isinstance(wanted, int):
        yield from ((f"how many {name}", float(wanted == sum(map(test, one)))) for name, test in _TESTS.items())
        yield from (
            (f"in order {k}", float(wanted == sorted(one)[k])) for k in range(-5, 5) if -len(one) <= k < len(one)
        )
        yield "among", float(wanted in one)
    else:
        yield from _lists(one, other)


def _lists(one: list[int], other: list[int]) -> Iterator[tuple[str, float]]:
    n, m = len(one), len(other)
    yield "the same", float(one == other)
    yield "begins so", float(one[:m] == other)
    yield "ends so", float(one[n - m :] == other if m <= n else 0)
    yield "within", float(any(one[i : i + m] == other for i in range(n - m + 1)))
    yield "goes on", float(other[:n] == one)
    yield "led up to", float(other[m - n :] == one if n <= m else 0)
    yield "all of it known", float(set(other) <= set(one))
    yield "the same items", float(sorted(one) == sorted(other))
    yield "backwards", float(one[::-1] == other)
    yield "turned round", float(any(one[i:] + one[:i] == other for i in range(n)))
    yield "in order", float(sorted(other) == other)
    yield "all alike", float(len(set(other)) <= 1)
    yield from ((f"length {k}", float(m == k)) for k in _SMALL)
    yield from ((f"longer by {k}", float(m - n == k)) for k in range(-5, 3))
    yield from ((f"longer {k} times", float(m == k * n)) for k in range(2, 6))
    yield from ((f"all below {k}", float(all(b < k for b in other))) for k in range(1, 6))
    if n == m and n:
        yield from ((f"item {name}", float(all(map(same, one, other)))) for name, same in _STEPS.items())
        yield from ((f"true where {name}", float(all(bool(b) == test(a) for a, b in zip(one, other, strict=True))))
                    for name, test in _TESTS.items())  # fmt: skip
    for name, test in _TESTS.items():
        yield f"kept {name}", float([a for a in one if test(a)] == other)
        yield f"left out {name}", float([a for a in one if not test(a)] == other)


_STEPS: Mapping[str, Callable[[int, int], bool]] = {
    **{f"plus {k}": lambda a, b, k=k: b == a + k for k in range(6)},  # type: ignore[misc]
    **{f"times {k}": lambda a, b, k=k: b == a * k for k in range(6)},  # type: ignore[misc]
    **{f"rest by {k}": lambda a, b, k=k: b == a % k for k in range(2, 6)},  # type: ignore[misc]
    **{f"plus {k} up to turns": lambda a, b, k=k: b <= a + k for k in range(6)},  # type: ignore[misc]
    "squared": lambda a, b: b == a * a,
    "larger": lambda a, b: b > a,
    "a power": lambda a, b: a > 1 and b > 1 and any(b == a**k for k in range(2, 7)),
}


def _as_list(value: Any) -> list[int]:
    if isinstance(value, str):
        return [ord(letter) for letter in value]
    return [int(one) for one in value] if isinstance(value, list) else [int(value)]


def _viewed(numbers: list[int]) -> dict[str, int]:
    least = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "last but one": 2, "length": 0, "sum": 0}
    return {name: view(numbers) for name, view in _VIEWS.items() if len(numbers) >= least.get(name, 1)}


def _names() -> tuple[str, ...]:
    """Return every property that there is, in an order that never varies."""
    long, same = list(range(1, 9)), [2] * 8
    cases: list[tuple[Any, Any]] = [
        (long, same),
        (long, 1),
        (long, True),
        (long, [True] * 8),
        (3, [1, 2, 3, 4, 5, 6]),
        (3, 2),
    ]
    return tuple(dict.fromkeys(name for given, wanted in cases for name, _ in _told(given, wanted)))


NAMES = _names()

"""Functions of a prompt for the scripted model: what it says when it is asked to double."""

from __future__ import annotations

import re


def number_in(prompt: str) -> int:
    """Return the last number that the prompt holds."""
    return int(re.findall(r"\d+", prompt)[-1])


def right(prompt: str) -> str:
    return f"{2 * number_in(prompt)}\n"


def right_for_even(prompt: str) -> str:
    number = number_in(prompt)
    return f"{2 * number if number % 2 == 0 else number}\n"


def sometimes(prompt: str) -> dict[str, float]:
    """Return weights: right three times of ten, one wrong answer six times, another once."""
    number = number_in(prompt)
    return {f"{2 * number}\n": 0.3, f"{number}\n": 0.6, "no\n": 0.1}

"""Critics made of critics: all of them, any of them, not this one, a weighted mean, one for each item.

    format_and_value = Regex(r"\\d+") & Numeric()
    either = Exact() | Contains()
    refused = ~Contains("sorry")
    graded = Weighted([(0.7, Numeric()), (0.3, Regex(r"\\d+"))], pass_at=0.7)

A composition is a reference as soon as one part is; parts that are verifiers stay blind in it. The error of a part is
the error of the whole, except where the other parts decide: one that fails decides `All`, one that passes `Any`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any as Anything

from nightschool.critics.judging import judge
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Critic, Sight


class Combines(ABC):
    """A critic that `&`, `|` and `~` combine."""

    name: str
    sight: Sight
    timeout_s: float | None = None

    @abstractmethod
    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict on `answer`."""

    def __and__(self, other: Critic) -> All:
        return All([self, other])

    def __or__(self, other: Critic) -> Any:
        return Any([self, other])

    def __invert__(self) -> Not:
        return Not(self)


class All(Combines):
    """Passed when every part passes. score: the lowest of the parts."""

    def __init__(self, parts: Sequence[Critic]) -> None:
        self.parts = _flat(All, parts)
        self.name, self.sight = _name("all", self.parts), _sight(self.parts)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict of all parts together; feedback of every part that did not pass."""
        verdicts = [judge(part, item, answer) for part in self.parts]
        if all(v.error or v.passed for v in verdicts) and (error := _error(verdicts)):
            return Verdict.failed(error)
        failing = [v for v in verdicts if not v.passed and v.error is None]
        return Verdict(min(v.score for v in verdicts), not failing, _feedback(failing))


class Any(Combines):
    """Passed when some part passes. score: the highest of the parts."""

    def __init__(self, parts: Sequence[Critic]) -> None:
        self.parts = _flat(Any, parts)
        self.name, self.sight = _name("any", self.parts), _sight(self.parts)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict of the best part; feedback of every part where none passes."""
        verdicts = [judge(part, item, answer) for part in self.parts]
        passing = [v for v in verdicts if v.passed]
        if not passing and (error := _error(verdicts)):
            return Verdict.failed(error)
        return Verdict(max(v.score for v in verdicts), bool(passing), "" if passing else _feedback(verdicts))


class Not(Combines):
    """Passed when the part does not. score: one minus the part's."""

    def __init__(self, part: Critic) -> None:
        refuse_consulting(part)
        self.part = part
        self.name, self.sight = _name("not", [part]), part.sight

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the opposite of the part's verdict; its error stays an error."""
        verdict = judge(self.part, item, answer)
        if verdict.error is not None:
            return verdict
        feedback = f"The answer must not pass {self.part.name}." if verdict.passed else ""
        return Verdict(1.0 - verdict.score, not verdict.passed, feedback)


class Weighted(Combines):
    """Passed when the weighted mean of the parts' scores reaches `pass_at`.

    parts: weight (above 0, any scale) and critic; pass_at: in (0, 1]. Raises BadSpec.
    """

    def __init__(self, parts: Sequence[tuple[float, Critic]], pass_at: float = 1.0) -> None:
        if not parts or not all(0 < weight < float("inf") for weight, _ in parts):
            raise BadSpec(f"weights must be above 0 and finite, not {[weight for weight, _ in parts]}")
        if not 0 < pass_at <= 1:
            raise BadSpec(f"pass_at must be in (0, 1], not {pass_at}")
        total = sum(weight for weight, _ in parts)
        for _, part in parts:
            refuse_consulting(part)
        self.parts = [(weight / total, part) for weight, part in parts]
        self.pass_at = pass_at
        self.name = f"weighted({'; '.join(f'{weight:g} {part.name}' for weight, part in parts)})"
        self.sight = _sight([part for _, part in parts])

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the weighted verdict; the error of any part is an error."""
        verdicts = [judge(part, item, answer) for _, part in self.parts]
        if error := _error(verdicts):
            return Verdict.failed(error)
        score = sum(weight * v.score for (weight, _), v in zip(self.parts, verdicts, strict=True))
        score = min(1.0, score)
        passed = score >= self.pass_at - 1e-9  # weights that sum to one only up to rounding
        return Verdict(score, passed, "" if passed else _feedback([v for v in verdicts if not v.passed]))


class Each(Combines):
    """Judges an item with the one of `critics` that stands under its id.

    Each is called as it would be by itself: within its own time, and blind where it is a verifier, though others of
    them see the target. Raises BadSpec for a critic that asks a model.
    """

    def __init__(self, critics: Mapping[str, Critic]) -> None:
        parts = {critic.name: critic for critic in critics.values()}
        for part in parts.values():
            refuse_consulting(part)
        self.critics = critics
        self.name = f"each({'; '.join(sorted(parts))})"
        blind = all(critic.sight is Sight.VERIFIER for critic in parts.values())
        self.sight = Sight.VERIFIER if blind else Sight.REFERENCE

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict of the item's own critic. Raises LookupError for an item that has none."""
        if item.id not in self.critics:
            raise LookupError(f"no line of this file is the item {item.id!r}")
        return judge(self.critics[item.id], item, answer)


def _flat(kind: type[All] | type[Any], parts: Sequence[Critic]) -> list[Critic]:
    if not parts:
        raise BadSpec(f"{kind.__name__} needs at least one critic")
    flat: list[Critic] = []
    for part in parts:
        refuse_consulting(part)
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return flat


def refuse_consulting(part: Critic) -> None:
    """Raise BadSpec for a critic that asks a model, which a composition has no way to ask."""
    if hasattr(part, "consult"):
        raise BadSpec(
            f"{part.name} asks a model before it judges, so it judges by itself; take it out of the composition"
        )


def _name(word: str, parts: Sequence[Critic]) -> str:
    return f"{word}({'; '.join(part.name for part in parts)})"


def _sight(parts: Sequence[Critic]) -> Sight:
    return Sight.REFERENCE if any(part.sight is Sight.REFERENCE for part in parts) else Sight.VERIFIER


def _error(verdicts: Sequence[Verdict]) -> str:
    return "; ".join(v.error for v in verdicts if v.error is not None)


def _feedback(verdicts: Sequence[Verdict]) -> str:
    said: dict[Anything, None] = dict.fromkeys(v.feedback for v in verdicts if v.feedback)
    return " ".join(said)

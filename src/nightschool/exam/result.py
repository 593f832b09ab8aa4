"""What an exam found: plain data, written to JSON and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from nightschool.errors import BadFile
from nightschool.exam.finding import Finding
from nightschool.exam.rung import Way

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One item under one way.

    prompt: as it was put; answers: what came back (none: missing); outcome: in [0, 1], the share of answers that
    passed or the chance that one of k would, None where missing; feedback: the reference critic's words on the first
    answer; tokens: sampled and weighed; missing: why there is no outcome; cut: answers ended by the length limit.
    """

    item: str
    prompt: str
    answers: tuple[str, ...]
    outcome: float | None
    feedback: str = ""
    tokens: int = 0
    missing: str | None = None
    cut: int = 0

    @property
    def passed(self) -> bool | None:
        """Return whether the item was passed, or None where it is missing or neither all nor nothing."""
        return bool(self.outcome) if self.outcome in (0.0, 1.0) else None


@dataclass(frozen=True, slots=True)
class Row:
    """One way and what it reached.

    accuracy, low, high: over the `n` items that were answered and judged, with its 95% interval; None where n is 0.
    missing: items without an outcome (failed critics, refusals, timeouts, interruption), never counted as wrong;
    worst, best: the accuracy if all of them were failed, or passed. tokens (sampled and weighed), prompt_tokens,
    seconds, usd: for all items together; usd is None without prices. recommendable: may be proposed for use; `never`
    says why not. unavailable: why there is no such row for this model or world. spread: accuracies of the rows that
    this one sums up, by name. remark: that the model said nothing, or the same everywhere, so that the accuracy is none
    of an ability.
    """

    name: str
    rung: str
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    missing: int = 0
    worst: float | None = None
    best: float | None = None
    tokens: int = 0
    prompt_tokens: int = 0
    judgements: int = 0
    seconds: float = 0.0
    usd: float | None = None
    cut: int = 0
    recommendable: bool = False
    never: str | None = None
    unavailable: str | None = None
    trained: bool = False
    way: Way | None = None
    spread: Mapping[str, float | None] = field(default_factory=dict)
    remark: str = ""
    records: tuple[Record, ...] = ()

    def outcomes(self) -> dict[str, float]:
        """Return the outcome of each item that has one, by item id."""
        return {each.item: each.outcome for each in self.records if each.outcome is not None}

    def each(self) -> dict[str, float | None]:
        """Return tokens, prompt_tokens, seconds and usd for one item."""
        count = max(len(self.records), 1)
        return {
            "tokens": self.tokens / count,
            "prompt_tokens": self.prompt_tokens / count,
            "seconds": self.seconds / count,
            "usd": None if self.usd is None else self.usd / count,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rows over the items that both have an outcome for.

    difference: second less first, with its 95% interval; gained, lost: items that passed only in the second, only in
    the first. p_value: two-sided; adjusted: by Holm for the family; test: `mid-p McNemar`, or for outcomes between
    nothing and all `clustered bootstrap`, which gives an interval and no p-value.
    """

    first: str
    second: str
    n: int
    difference: float
    low: float
    high: float
    gained: int | None = None
    lost: int | None = None
    p_value: float | None = None
    adjusted: float | None = None
    test: str = "mid-p McNemar"


@dataclass(frozen=True, slots=True)
class Question:
    """An item as the report keeps it."""

    id: str
    inputs: Mapping[str, str]
    target: str | None


@dataclass(frozen=True, slots=True)
class ExamReport:
    """One sitting. partial: it was interrupted; rows hold what was done by then.

    task: the world's specification; model: as the user named it; identity: its content hash; split: of the items;
    comparisons: each row with the plain question, or with the first where that was not sat; changes: the same rows in
    an earlier report and in this one; example_truths: practice items whose answers were shown in some row; findings: of
    the analyses, in their order.
    """

    task: str
    model: str
    identity: str
    adapter: str | None
    seed: int
    split: str
    rungs: tuple[Row, ...]
    items: tuple[Question, ...]
    comparisons: tuple[Comparison, ...] = ()
    changes: tuple[Comparison, ...] = ()
    warnings: tuple[str, ...] = ()
    example_truths: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    tokens: int = 0
    seconds: float = 0.0
    partial: bool = False
    version: str = ""
    schema: int = SCHEMA

    def row(self, name: str) -> Row:
        """Return the row of that name. Raises KeyError."""
        for row in self.rungs:
            if row.name == name:
                return row
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON can write it. A prompt is written once: records refer to it by its number."""
        prompts: dict[str, int] = {}
        data = asdict(self)
        for row, source in zip(data["rungs"], self.rungs, strict=True):
            row["each"] = source.each()
            for record in row["records"]:
                record["prompt"] = prompts.setdefault(record["prompt"], len(prompts))
        return {**data, "prompts": list(prompts)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExamReport:
        """Return the report that `to_json` wrote. Raises BadFile for anything else."""
        from pydantic import ValidationError

        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            seen = data.get("schema") if isinstance(data, Mapping) else type(data).__name__
            raise BadFile(f"not an exam report of schema {SCHEMA} but of {seen!r}; sit the exam again")
        try:
            prompts: Sequence[str] = data["prompts"]
            rows = []
            for row in data["rungs"]:
                records = [{**each, "prompt": prompts[each["prompt"]]} for each in row["records"]]
                rows.append({key: value for key, value in row.items() if key != "each"} | {"records": records})
            plain = {key: value for key, value in data.items() if key != "prompts"} | {"rungs": rows}
            return _form().validate_python(plain)
        except (ValidationError, LookupError, TypeError) as error:
            raise BadFile(f"an exam report that cannot be read: {str(error).splitlines()[0]}") from error


@cache
def _form() -> TypeAdapter[ExamReport]:
    from pydantic import TypeAdapter  # slow to import, and the form slow to make

    return TypeAdapter(ExamReport)

"""What a page is made of: plain dictionaries that JSON can write. Sections that are not there are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict


class ScoreData(TypedDict):
    """A rate in [0, 1] with its 95% interval and its number of items."""

    accuracy: float
    low: float
    high: float
    n: int


class ChangeData(TypedDict, total=False):
    """The same items before and after. difference, low, high: after less before, in [-1, 1]."""

    name: str  # what was asked, and how
    before: Required[ScoreData]
    after: Required[ScoreData]
    difference: float
    low: float
    high: float
    p_value: float | None
    gained: int
    lost: int
    both: int
    neither: int


class RoundData(TypedDict, total=False):
    """One round of practice. control_*: random proposals under the same grammar and number of draws."""

    level: Required[str]
    examples: int
    items: Required[int]
    solved: Required[int]
    draws: int
    passed: int
    control_solved: int | None
    control_passed: int | None
    seconds: float


class PracticeData(TypedDict, total=False):
    """What practice found. note: a sentence, such as what to try where nothing was solved."""

    rounds: Required[Sequence[RoundData]]
    items: int
    solved: int
    tokens: int
    seconds: float
    note: str


class ChosenData(TypedDict):
    """A memory that a night took up. text: None where it was forgotten since; nats: per token, before the lessons."""

    text: str | None
    nats: float | None
    lessons: int


class SelectionData(TypedDict):
    """What a night over memories took up, and how many it left for what reason."""

    chosen: Sequence[ChosenData]
    left: Mapping[str, int]


class SleepData(TypedDict, total=False):
    """The lessons. losses: nats per token, one for each step; marks: steps at which a round of lessons began."""

    lessons: int
    steps: int
    seconds: float
    adapter: str | None
    losses: Sequence[float]
    marks: Sequence[int]
    sources: Mapping[str, int]  # lessons by source
    note: str


class WatchedData(TypedDict, total=False):
    """A task on which nothing may be lost. power: the chance to see that nothing was lost, if so. kept: no loss."""

    task: Required[str]
    before: ScoreData
    after: ScoreData
    difference: Required[float]
    low: Required[float]
    high: Required[float]
    n: int
    power: float
    kept: bool
    note: str


class GateData(TypedDict, total=False):
    """Whether the night was accepted. margin: the largest loss that is let pass; text: loss in nats per token."""

    accepted: Required[bool]
    reason: Required[str]
    margin: float
    watched: Sequence[WatchedData]
    text_before: float
    text_after: float
    text_tokens: int


class TestData(TypedDict):
    """One test of the sequence: whether a way reaches the target, at its share of the error."""

    name: str
    p_value: float
    alpha: float
    low: float
    reached: bool


class RecommendationData(TypedDict, total=False):
    """What to do. way: settings by name; cost: for one answer, by unit; needed: items that the claim would need."""

    sentence: Required[str]
    target: float
    reached: bool
    name: str
    way: Mapping[str, Any]
    cost: Mapping[str, float | None]
    tests: Sequence[TestData]
    needed: int | None
    mind: str  # the file that was written
    command: str  # what to type to use it


class StageData(TypedDict):
    """How long a stage took."""

    name: str
    seconds: float


class PageData(TypedDict, total=False):
    """The whole page. exam: `ExamReport.to_json()`. headline: one sentence; made of the numbers where it is missing."""

    title: Required[str]
    headline: str
    model: str
    task: str
    change: ChangeData
    exam: Mapping[str, Any]
    practice: PracticeData
    selection: SelectionData
    sleep: SleepData
    gate: GateData
    recommendation: RecommendationData
    failures: Sequence[Mapping[str, Any]]  # inputs, answer, target, feedback; those of the exam where missing
    warnings: Sequence[str]
    disclosure: Mapping[str, Any]  # further facts by name: command, budget, machine
    stages: Sequence[StageData]
    partial: bool

"""What a day brought: the object that `--json` prints and the page that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from nightschool.day.recommend import Recommendation
from nightschool.day.term import Term
from nightschool.exam import Comparison, ExamReport, Row
from nightschool.exam import Finding as Found
from nightschool.sleep.gate.decide import Decision
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.told import gate_page, told_by


@dataclass
class DayReport:
    """What a day brought, as far as it came. before, after: the plain question in the morning and in the evening.

    ladder: the morning's exam by every way that was tried; evening: the exam after the night; understood: whether the
    night taught by heart, and what carries over past what was practised; seconds: of each stage;
    partial: it was interrupted.
    """

    model: str
    identity: str
    task: str
    seed: int
    settings: Mapping[str, Any]
    ladder: ExamReport | None = None
    before: Row | None = None
    evening: ExamReport | None = None
    after: Row | None = None
    change: Comparison | None = None
    understood: tuple[Found, ...] = ()
    term: Term | None = None
    decision: Decision | None = None
    night: Night | None = None
    advice: Recommendation | None = None
    mind_file: str | None = None
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    partial: bool = False
    report: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the day as JSON can write it."""
        term = self.term or Term()
        return {
            "model": self.model,
            "identity": self.identity,
            "task": self.task,
            "seed": self.seed,
            "before": _score(self.before),
            "after": _score(self.after),
            "difference": self.change and {k: getattr(self.change, k) for k in ("difference", "low", "high")},
            "p_value": self.change.p_value if self.change else None,
            "practice": practice_of(term),
            "sleep": {
                "lessons": len(term.lessons),
                "steps": term.steps,
                "seconds": round(term.learning_s, 3),
                "adapter": term.adapter.name if term.adapter else None,
                "night": self.night.name if self.night else None,
                "losses": list(term.losses),
            },
            "gate": {
                "accepted": bool(self.decision and self.decision.accepted),
                "reason": self.decision.reason if self.decision else self._no_night(term),
                "p_value": self.decision.p_value if self.decision else None,
            },
            "watched": [asdict(found) for found in self.decision.watched] if self.decision else [],
            "understood": {found.name: asdict(found) for found in self.understood},
            "recommendation": asdict(self.advice) if self.advice else None,
            "mind": self.mind_file,
            "exam": self.ladder.to_json() if self.ladder else None,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "settings": dict(self.settings),
            "notes": list(self.notes),
            "partial": self.partial,
            "report": self.report,
        }

    def to_page(self) -> dict[str, Any]:
        """Return the day as the report's page takes it (`exam.report.PageData`)."""
        term = self.term or Term()
        page: dict[str, Any] = {
            "title": f"A day of {self.task}",
            "model": self.model,
            "task": self.task,
            "warnings": list(self.notes),
            "stages": [{"name": name, "seconds": value} for name, value in self.seconds.items()],
            "partial": self.partial,
            "disclosure": {"seed": self.seed, "model identity": self.identity, "settings": dict(self.settings)},
        }
        if self.ladder is not None:
            page["exam"] = replace(self.ladder, findings=(*self.ladder.findings, *self.understood)).to_json()
        if self.before is not None and self.after is not None and self.change is not None:
            page["change"] = {
                "name": "the plain question, greedy",
                "before": _score(self.before),
                "after": _score(self.after),
                **{k: getattr(self.change, k) for k in ("difference", "low", "high", "p_value", "gained", "lost")},
            }
        if self.term is not None:
            page["practice"] = practice_of(term) | {"note": "" if term.rounds else self._no_night(term)}
            page["sleep"] = {
                "lessons": len(term.lessons),
                "steps": term.steps,
                "seconds": term.learning_s,
                "adapter": term.adapter.name if term.adapter else None,
                "losses": list(term.losses),
                "marks": list(term.marks),
                "sources": _counts([lesson.source for lesson in term.lessons]),
            }
            if term.failures:
                page["failures"] = [
                    {"inputs": {"input": asked}, "answer": answer, "feedback": said}
                    for asked, answer, said in term.failures
                ]
        if self.decision is not None:
            decision = self.decision
            page["gate"] = gate_page(told_by(decision), decision.accepted, decision.reason)
        if self.advice is not None:
            advice = self.advice
            page["recommendation"] = {
                "sentence": advice.sentence,
                "target": advice.target,
                "reached": advice.reached,
                "name": advice.offer.name,
                "way": asdict(advice.offer.way),
                "cost": {advice.offer.unit: advice.offer.cost},
                "tests": [{k: v for k, v in asdict(t).items() if k not in ("accuracy", "n")} for t in advice.tests],
                "needed": advice.needed,
                **({"mind": self.mind_file, "command": f"nightschool think --mind {self.mind_file} INPUT"}
                   if self.mind_file else {}),
            }  # fmt: skip
        return page

    def _no_night(self, term: Term) -> str:
        if self.term is None:
            return "there was no night"
        if term.stopped == "budget":
            return (
                "the budget was used up before there was anything to learn (what the gate and the evening's exam need "
                "is kept back), and no night was held; give it more with --budget, or examine fewer items"
            )
        if term.stopped == "nothing solved":
            return (
                "search solved nothing at any level, so there was nothing to learn and no night was held; try an "
                "easier level or another wording, more draws (--draws), a larger model, or --teacher expert"
            )
        if term.stopped == "nothing whole":
            return (
                "all that search solved was cut off by the length limit, so there was nothing whole to learn and no "
                "night was held; try another wording, or a task that allows longer answers"
            )
        return "no night was held"


def practice_of(term: Term, *, timed: bool = True) -> dict[str, Any]:
    """Return what practice brought, round by round, as JSON and the page take it; not `timed`: without its seconds."""
    usage = term.usage
    told: dict[str, Any] = {
        "items": sum(r.tally.items for r in term.rounds),
        "solved": sum(r.tally.solved for r in term.rounds),
        "tokens": usage.tokens,
        "prompt_tokens": usage.prompt_tokens,
        "seconds": round(sum(r.practice_s for r in term.rounds), 3),
        "stopped": term.stopped,
        "rounds": [
            {
                "level": r.level,
                "examples": r.place.shots,
                "items": r.tally.items,
                "solved": r.tally.solved,
                "draws": r.tally.draws,
                "passed": r.tally.passed,
                "control_solved": r.babble.solved if r.babble else None,
                "control_passed": r.babble.passed if r.babble else None,
                "seconds": round(r.practice_s, 3),
            }
            for r in term.rounds
        ],
    }
    if not timed:
        for each in (told, *told["rounds"]):
            del each["seconds"]
    return told


def _score(row: Row | None) -> dict[str, Any] | None:
    if row is None or row.accuracy is None:
        return None
    return {"accuracy": row.accuracy, "low": row.low, "high": row.high, "n": row.n}


def _counts(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}

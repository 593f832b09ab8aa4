"""A way of a report as a log of Inspect, which `inspect view` shows and `inspect_ai.analysis` reads.

One log for each row: a sample is an item, its first answer the output, and the outcome its score. Rows without a
measure are left out. What Inspect has no place for (comparisons, findings) stays in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nightschool.exam.result import ExamReport, Question, Record, Row
from nightschool.items import digest


def logs(report: ExamReport, now: datetime) -> dict[str, dict[str, Any]]:
    """Return the logs by the names that Inspect gives its files, each as JSON can write it.

    now: when the exam was sat; it has a time zone.
    """
    stamp = now.isoformat(timespec="seconds")
    found = {}
    for row in report.rungs:
        if row.accuracy is None or not row.records:
            continue
        name = f"{report.task}/{row.name}"
        id = digest("inspect", report.identity, report.adapter, report.seed, name, len(report.items))[:22]
        file = f"{stamp.replace(':', '-')}_{_plain(name)}_{id}.json"
        found[file] = _log(report, row, name, id, stamp)
    return found


def _log(report: ExamReport, row: Row, name: str, id: str, stamp: str) -> dict[str, Any]:
    questions = {item.id: item for item in report.items}
    scored = [each for each in row.records if each.outcome is not None]
    usage = {
        "input_tokens": row.prompt_tokens,
        "output_tokens": row.tokens,
        "total_tokens": row.prompt_tokens + row.tokens,
    }
    metrics = {"accuracy": row.accuracy, "low": row.low, "high": row.high}
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": id, "run_id": id, "task_id": id, "created": stamp, "task": name, "task_version": 0,
            "task_args": {"seed": report.seed, "adapter": report.adapter or ""},
            "dataset": {"name": report.task, "samples": len(row.records), "sample_ids": [r.item for r in row.records]},
            "model": f"nightschool/{report.model}", "model_args": {"identity": report.identity},
            "config": {"epochs": 1}, "packages": {"nightschool": report.version},
        },
        "plan": {"name": "plan", "steps": [{"solver": row.name, "params": {}}], "config": {}},
        "results": {
            "total_samples": len(row.records),
            "completed_samples": len(scored),
            "scores": [{
                "name": "nightschool", "scorer": "nightschool", "params": {},
                "scored_samples": len(scored), "unscored_samples": len(row.records) - len(scored),
                "metrics": {key: {"name": key, "value": value, "params": {}} for key, value in metrics.items()},
            }],
        },
        "stats": {"started_at": stamp, "completed_at": stamp, "model_usage": {f"nightschool/{report.model}": usage}},
        "samples": [_sample(each, questions.get(each.item), report.model) for each in row.records],
    }  # fmt: skip


def _sample(each: Record, question: Question | None, model: str) -> dict[str, Any]:
    answer = each.answers[0] if each.answers else ""
    target = (question.target if question is not None else None) or ""
    said = {"role": "assistant", "content": answer, "source": "generate", "model": f"nightschool/{model}"}
    sample: dict[str, Any] = {
        "id": each.item, "epoch": 1, "input": each.prompt, "target": target,
        "messages": [{"role": "user", "content": each.prompt, "source": "input"}, said],
        "output": {
            "model": f"nightschool/{model}", "completion": answer,
            "choices": [{"message": said, "stop_reason": "max_tokens" if each.cut else "stop"}],
        },
        "metadata": _metadata(each, question), "store": {}, "events": [], "model_usage": {}, "attachments": {},
    }  # fmt: skip
    if each.outcome is not None:
        sample["scores"] = {"nightschool": {"value": each.outcome, "answer": answer, "explanation": each.feedback}}
    else:
        why = each.missing or "no outcome"
        sample["error"] = {"message": why, "traceback": "", "traceback_ansi": ""}
    return sample


def _metadata(each: Record, question: Question | None) -> Mapping[str, Any]:
    inputs = dict(question.inputs) if question is not None else {}
    return {"inputs": inputs, "answers": list(each.answers), "tokens": each.tokens}


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)[:80]

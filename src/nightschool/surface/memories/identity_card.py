"""The identity card of a chat: what the model is, what exams measured of it, and what the user marked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nightschool.errors import BadFile, UsageError

if TYPE_CHECKING:
    from nightschool.items import Score
    from nightschool.ports import Model
    from nightschool.remember.identity import Card
    from nightschool.remember.store.port import Store
    from nightschool.sleep.nights.night import Night

_RUNG = "zero-shot"  # asked without more ado, as in a chat


def card_of(model: Model, awake: Night | None, store: Store, reports: Sequence[str]) -> Card:
    """Return the card of `model` with the weights of `awake`. reports: folders that exams of it wrote.

    Raises BadFile for what is no report, and UsageError for one of other weights.
    """
    from nightschool.remember.identity import Card

    what = f"I am {model.name}, a language model" + (f", awake with night {awake.name}." if awake else ".")
    return Card(what, [_measured(name, model, awake) for name in reports], store.marked())


def _measured(name: str, model: Model, awake: Night | None) -> tuple[str, Score]:
    from nightschool.exam import ExamReport
    from nightschool.items import Score

    path = Path(name) / "report.json" if Path(name).is_dir() else Path(name)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(f"cannot read an exam's report in {name}: {error}; name a folder from exam --report") from error
    report = ExamReport.from_json(data.get("exam", data) if isinstance(data, dict) else data)
    adapter = awake.adapter if awake else None
    if (report.identity, report.adapter) != (model.identity, adapter):
        raise UsageError(
            f"the exam in {name} was sat by {report.model} with {report.adapter or 'its own weights'}, and this is "
            f"{model.name} with {adapter or 'its own weights'}; sit it again with nightschool exam {report.task}"
        )
    for row in report.rungs:
        if row.rung == _RUNG and row.accuracy is not None and row.low is not None and row.high is not None:
            return report.task, Score(row.accuracy, row.low, row.high, row.n)
    raise UsageError(f"the exam in {name} has no {_RUNG} rung that was measured; sit it with --rungs {_RUNG}")

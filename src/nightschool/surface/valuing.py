"""What a night over a task leaves to later searches: a value head, learned from what the mind that wakes answers.

No lesson asked any of these practice items: what was learned by heart passes however it begins.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightschool.errors import ModelError, StopRequested, UsageError

if TYPE_CHECKING:
    from nightschool.day.run import Day
    from nightschool.think.steps import Split

ITEMS, DRAWS = 60, 8


def leave_values(day: Day, path: Path, split: Split) -> tuple[str, dict[str, Any]]:
    """Return a line about the value head that was saved at `path`, or about why there is none, and the same as data.

    Raises StopRequested where it was interrupted; the night stands.
    """
    from nightschool.registry import make
    from nightschool.surface.think_teaching import teach, told
    from nightschool.surface.thinking import jobs_of_task

    learned = frozenset[str]().union(*(lesson.keys for lesson in day.report.term.lessons)) if day.report.term else ()
    jobs = jobs_of_task(
        day.world.spec, ITEMS + len(learned), make("strategies", f"best-of-n:n={DRAWS}"), day.settings.seed,
        critic=None, wording=day.wording.name, temperature=1.0, max_tokens=None,
    )  # fmt: skip
    fresh = [job for job in jobs if job.task.item.key not in learned][:ITEMS]
    day.watch.stage("answers for a value head", len(fresh), "questions")
    traces = day.drive.run([replace(job, task=replace(job.task, adapter=day.adapter)) for job in fresh])
    if day.drive.interrupted:
        raise StopRequested("stopped; the night was over, and stands, and no value head was learned")
    day.watch.stage("learning a value head")
    try:
        taught = teach(day.model, traces, path, split)
    except (UsageError, ModelError) as error:
        return f"no value head: {error}", {"file": None, "why": str(error)}
    rate = taught.held_out
    assert rate is not None
    line = (
        f"{path}: {told(taught)}; use it: nightschool think --task {day.world.spec} --strategy "
        f"beam:split={split},head={path}"
    )
    facts = {"file": str(path), "beginnings": taught.labels, "items": len(fresh), "usual": taught.usual}
    return line, {**facts, "right": [rate.value, rate.low, rate.high]}

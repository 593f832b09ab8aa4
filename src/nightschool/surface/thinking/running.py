"""A model is opened, thinks with its progress in sight, and is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nightschool.drive import Job
from nightschool.drive.preflight import check_critics, lacking
from nightschool.items import Trace
from nightschool.models import resolve
from nightschool.ports import Ability, Model
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.progress import watching
from nightschool.surface.thinking.resume import run_on_record


def run_open(
    jobs: Sequence[Job],
    settings: Settings,
    model_name: str,
    prepare: Callable[[Model], str | None],
    options: Mapping[str, Any] | None = None,
    resuming: str | None = None,
    after: Callable[[Model, Sequence[Trace]], None] | None = None,
) -> tuple[list[Trace], bool]:
    """Return the traces of `jobs` by the model called `model_name`, and whether they were cut short.

    prepare: loads weights and returns their name; options: with which the run can be made again, for its record (None
    keeps none); resuming: the record to go on with; after: is handed the traces while the model is still there, unless
    they were cut short. Raises Unsupported.
    """
    for job in jobs:
        check_critics(job)
    talks = next((job for job in jobs if job.task.prompt.text is None), None)
    if talks is not None and resolve.chats(model_name) is False:
        raise lacking(model_name, Ability.CHAT, talks.search.spec)
    assert settings.config is not None  # `shared(model=True)` reads one
    with watching(settings.quiet) as watch:
        watch.stage(f"loading {model_name}")
        model = resolve.open_model(model_name, settings.config, watch=watch)
        try:
            adapter = prepare(model)
            watch.stage("thinking", len(jobs), "question" if len(jobs) == 1 else "questions")
            asked = [replace(job, task=replace(job.task, adapter=adapter)) for job in jobs]
            traces, interrupted = run_on_record(
                model, asked, settings, options, resuming, watch=watch,
                price=settings.config.price(model_name),
            )  # fmt: skip
            if after is not None and not interrupted:
                watch.stage("learning a value head")
                after(model, traces)
            return traces, interrupted
        finally:
            model.close()

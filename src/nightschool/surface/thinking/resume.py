"""Searches that leave a record while they run, so that `nightschool think --resume` can go on with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nightschool import paths
from nightschool.day.purse import Purse
from nightschool.drive import Job
from nightschool.drive.logbook import Logbook
from nightschool.drive.unfinished import Record, begin, code_version, draws_of, forget, jobs_digest, names, read
from nightschool.drive.waves import Learns, run_in_waves
from nightschool.errors import BadFile, Unsupported, UsageError
from nightschool.items import Trace
from nightschool.ports import Model
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import remark


def folder() -> Path:
    """Return where unfinished runs are kept."""
    return paths.data_folder() / "thinking"


def called(name: str) -> str:
    """Return the name of the unfinished run that `name` means: `last` is the latest, where there is one."""
    known = names(folder())
    return known[-1] if name == "last" and known else name


def options_of(name: str) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the options of an unfinished run; `last` is the latest.

    Raises UnknownName and BadFile, and UsageError where another version of nightschool began it: that is known before a
    model is loaded.
    """
    name = called(name)
    record = read(folder(), name)
    record.refuse_unlike(replace(record, code=code_version()))
    return name, record.options


def run_on_record(
    model: Model,
    jobs: Sequence[Job],
    settings: Settings,
    options: Mapping[str, Any] | None,
    resuming: str | None,
    **drive: Any,
) -> tuple[list[Trace], bool]:
    """Return the traces of `jobs` within the budget, and whether they were cut short.

    A run with options has a record until it ends; `resuming` names the one to go on with, which must be of the same
    run. Raises UsageError where it is of another.
    """
    if options is None:
        return _run(Purse(model, settings.budget, **drive), jobs)
    adapter = jobs[0].task.adapter if jobs else None
    called = {"identity": settings.model, "jobs": str(options["task"] or "the text"), "adapter": options["night"] or ""}
    record = Record(model.identity, adapter, jobs_digest(jobs), code_version(), called, options)
    if resuming is not None:
        read(folder(), resuming).refuse_unlike(record)
    try:
        name = resuming or begin(folder(), record)
        logbook = Logbook(draws_of(folder(), name))
    except BadFile as error:
        if resuming is not None:
            raise
        remark(settings, f"{error}; the run goes on without")
        return run_on_record(model, jobs, settings, None, None, **drive)
    try:
        purse = Purse(model, settings.budget, cache=logbook, clock=logbook.clock, **drive)
        traces, interrupted = _run(purse, jobs)
    except (UsageError, Unsupported):
        if resuming is None:
            forget(folder(), name)
        raise
    finally:
        logbook.close()
    if resuming is not None:
        remark(settings, f"{logbook.again} tokens were on record and were not sampled again")
    if interrupted:
        remark(settings, f"to go on, type: nightschool think --resume {name}")
    else:
        forget(folder(), name)
    return traces, interrupted


def _run(purse: Purse, jobs: Sequence[Job]) -> tuple[list[Trace], bool]:
    learns = any(isinstance(job.search, Learns) for job in jobs)
    return (run_in_waves(purse, jobs) if learns else purse.run(jobs)), purse.interrupted

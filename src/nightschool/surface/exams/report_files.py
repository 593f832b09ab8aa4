"""Reports for other tools: logs of Inspect, and a table for a data frame."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nightschool.errors import BadFile, UsageError

if TYPE_CHECKING:
    from nightschool.exam import ExamReport


def write_inspect(report: ExamReport, source: Path, folder: Path) -> str:
    """Return in words what was written: a log for each measured way, dated as the file `source` of the report is.

    Raises BadFile.
    """
    from nightschool.exam.inspect_log import logs
    from nightschool.paths import write_durably

    sat = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = logs(report, sat)
        for name, log in found.items():
            write_durably(folder / name, json.dumps(log, ensure_ascii=False, allow_nan=False).encode())
    except OSError as error:
        raise BadFile(f"cannot write logs to {folder}: {error.strerror}; name another folder") from error
    return f"{len(found)} logs in {folder}; type: inspect view --log-dir {folder}"


def write_table(report: ExamReport, file: Path) -> str:
    """Return in words what was written. Raises UsageError for an ending other than .csv and .jsonl, BadFile."""
    from nightschool.exam.frame import as_csv, as_jsonl
    from nightschool.paths import write_durably

    kinds = {".csv": as_csv, ".jsonl": as_jsonl}
    if file.suffix not in kinds:
        raise UsageError(f"--table writes .csv or .jsonl, not {file.suffix or 'a file without an ending'!r}")
    try:
        write_durably(file, kinds[file.suffix](report).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise BadFile(f"cannot write the table {file}: {error.strerror}; name another file") from error
    return f"table: {file}"

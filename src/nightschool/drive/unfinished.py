"""Runs that were begun and did not end: what they were to do, so that they can go on, and only the same run can.

    FOLDER/ID/run.json       what was asked for, and what it depends on
    FOLDER/ID/draws.jsonl    what was sampled so far (`logbook`)

A run that ends takes its record with it: nothing is left of what was asked and said.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from nightschool.drive.job import Job
from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.items import digest
from nightschool.paths import write_durably

FORMAT = 1
_APART = ("exam", "remember", "sleep", "surface", "train")
"""Rooms that have no part in what a run of `think` does; what they make of what was typed, its jobs, has a digest."""
_WORDS = {"identity": "model", "adapter": "night", "jobs": "task", "code": "code version"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a run is.

    identity: of the model; adapter: the weights it answers with, if any; jobs: digest of every question, as it is put
    and searched; code: version of nightschool; names: what these are called, for messages; options: what was asked for,
    enough to make the same jobs again.
    """

    identity: str
    adapter: str | None
    jobs: str
    code: str
    names: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def refuse_unlike(self, now: Record) -> None:
        """Raise UsageError, naming all that differs, where `now` would not go on with the same run."""
        unlike = []
        for part, word in _WORDS.items():
            before, after = getattr(self, part), getattr(now, part)
            if before != after:
                was, is_ = self.names.get(part) or before or "none", now.names.get(part) or after or "none"
                hint = "its items, prompts or files differ: " if part == "jobs" else ""
                also = f" ({hint}now {str(after)[:12]}, then {str(before)[:12]})" if was == is_ and was != after else ""
                unlike.append(f"the {word} is {is_} and was {was}{also}")
        if unlike:
            raise UsageError(
                f"this is not the run that was begun: {'; '.join(unlike)}; begin it anew; nightschool ls runs "
                "tells of all that were"
            )


def jobs_digest(jobs: Sequence[Job]) -> str:
    """Return what names these jobs by content: questions, prompts, sampling, strategies, noise, budgets, critics; and
    what stands in the files that strategies and critics name, such as a value head.
    """
    return digest(*(_plain(job) for job in jobs))


def _plain(job: Job) -> list[Any]:
    task = job.task
    item = [task.item.id, task.item.inputs, task.item.target, task.item.key]
    prompt = [[[m.role, m.content] for m in task.prompt.messages], task.prompt.text, task.prompt.prefill]
    critics = {role: getattr(critic, "name", "") for role, critic in job.critics.items()}
    how = [asdict(task.sampling), job.search.spec, job.noise.words, str(job.budget or "")]
    files = [_content(file) for text in (job.search.spec, *critics.values()) for file in _files(text)]
    return [item, prompt, critics, how, files]


def _files(text: str) -> list[str]:
    """Return the files that a specification names: `beam:head=FILE`, `all(callable:path=FILE:function; exact)`."""
    given = [part.partition("=")[2].strip() for part in re.split("[,;]", text)]
    several = [(value, value.rstrip(")"), value.rstrip(")").rpartition(":")[0]) for value in given]
    return [next(filter(_is_file, names)) for names in several if any(map(_is_file, names))]


def _is_file(name: str) -> bool:
    try:
        return bool(name) and Path(name).is_file()
    except OSError:  # too long for a name, and so none
        return False


def _content(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        return str(error.strerror)


@cache
def code_version() -> str:
    """Return the version of nightschool with a digest of the source that decides what a run does: all but _APART."""
    root = Path(__file__).parent.parent
    inside = ((path.relative_to(root), path) for kind in ("*.py", "*.toml") for path in root.rglob(kind))
    content = sorted([str(name), _content(str(path))] for name, path in inside if name.parts[0] not in _APART)
    return f"{metadata.version('nightschool')}+{digest(content)[:12]}"


def begin(folder: Path, record: Record) -> str:
    """Return the name under which `record` is kept in `folder` from now on. Raises BadFile."""
    name = secrets.token_hex(4)
    try:
        write_durably(folder / name / "run.json", json.dumps({"format": FORMAT, **asdict(record)}, indent=1))
    except OSError as error:
        raise BadFile(f"cannot keep a record of this run in {folder}: {error.strerror or error}") from error
    return name


def read(folder: Path, name: str) -> Record:
    """Return the record of the unfinished run `name`. Raises UnknownName, and BadFile for what is none."""
    known = names(folder)
    if name not in known:
        raise UnknownName("unfinished run", name, known)
    path = folder / name / "run.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise BadFile(f"{path} is of another version of nightschool; delete it, and begin the run anew")
        return Record(**data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile(f"{path} cannot be read: {error}; delete it, and begin the run anew") from error


def names(folder: Path) -> list[str]:
    """Return the names of all unfinished runs, the latest last."""
    found = [path.parent for path in folder.glob("*/run.json")]
    return [path.name for path in sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))]


def draws_of(folder: Path, name: str) -> Path:
    """Return where the draws of a run are kept."""
    return folder / name / "draws.jsonl"


def forget(folder: Path, name: str) -> None:
    """Take the record of a run away."""
    shutil.rmtree(folder / name, ignore_errors=True)

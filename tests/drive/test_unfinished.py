from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.critics.learning.taught import Taught
from nightschool.critics.named import critic
from nightschool.drive import unfinished
from nightschool.drive.unfinished import Record, code_version, jobs_digest
from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.items import Noise, Prompt
from support.jobs import job

RECORD = Record(
    "a1", None, jobs_digest([job(1, "single")]), code_version(), {"identity": "smollm2", "jobs": "sorting"}, {"seed": 7}
)


def test_what_is_written_is_read_and_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    one = unfinished.begin(tmp_path, RECORD)
    two = unfinished.begin(tmp_path, RECORD)
    assert unfinished.read(tmp_path, one) == RECORD
    assert sorted(unfinished.names(tmp_path)) == sorted((one, two))
    unfinished.forget(tmp_path, one)
    assert unfinished.names(tmp_path) == [two]
    assert not (tmp_path / one).exists()
    with pytest.raises(UnknownName, match="unfinished run"):
        unfinished.read(tmp_path, one)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("identity", "b2", "the model is smollm2 and was smollm2"),
        ("adapter", "night", "the night is night and was none"),
        ("jobs", "other", "the task is sorting and was sorting"),
        ("code", "9.9", "the code version is 9.9 and was"),
    ],
)
def test_another_run_is_refused_and_what_differs_is_named(part: str, value: str, said: str) -> None:
    RECORD.refuse_unlike(RECORD)
    with pytest.raises(UsageError, match=said) as raised:
        RECORD.refuse_unlike(replace(RECORD, **{part: value}))
    assert str(raised.value).count(" and was ") == 1


def test_all_that_differs_is_named() -> None:
    with pytest.raises(UsageError, match=r"the model is .*; the code version is"):
        RECORD.refuse_unlike(replace(RECORD, identity="x", code="y"))


def test_jobs_are_named_by_all_that_shapes_them() -> None:
    base = job(1, "single")
    others = [
        job(2, "single"), job(1, "vote:n=5"), job(1, "single", tokens=5), replace(base, noise=Noise((9,))),
        replace(base, task=replace(base.task, prompt=Prompt(text="?"))), replace(base, critics={}),
    ]  # fmt: skip
    assert jobs_digest([base]) == jobs_digest([job(1, "single")])
    assert len({jobs_digest([each]) for each in (base, *others)}) == len(others) + 1


def test_files_that_a_job_names_are_named_by_what_is_in_them(tmp_path: Path) -> None:
    head, judge = tmp_path / "head.json", tmp_path / "judge.py"
    Taught("hidden", (1.0,), 0.0, facts={"of": "beginnings"}).save(head)
    judge.write_text("def short(answer):\n    return len(answer) < 5\n")

    def digests() -> list[str]:
        specs = (f"beam:head={head}", f"mcts:value=head,head={head}", "single")
        critics = {"verifier": critic(f"all(contains:text=a; callable:path={judge}:short)")}
        jobs = [job(1, spec) for spec in specs] + [replace(job(1, "single"), critics=critics)]
        return [jobs_digest([each]) for each in jobs]

    before = digests()
    assert digests() == before
    Taught("hidden", (2.0,), 0.0, facts={"of": "beginnings"}).save(head)
    assert [a == b for a, b in zip(before, digests(), strict=True)] == [False, False, True, True]
    judge.write_text("def short(answer):\n    return len(answer) < 6\n")
    assert [a == b for a, b in zip(before, digests(), strict=True)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("items.py", True),
        ("society/beliefs/hold.py", True),
        ("prompts/data/sorting.toml", True),
        ("exam/sit.py", False),
    ],
)
def test_the_code_version_is_that_of_all_that_decides_what_a_run_does(
    file: str, counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_bytes = Path.read_bytes

    def changed(path: Path) -> bytes:
        return read_bytes(path) + (b"#" if path.as_posix().endswith(f"nightschool/{file}") else b"")

    before = code_version.__wrapped__()
    monkeypatch.setattr(Path, "read_bytes", changed)
    assert (code_version.__wrapped__() != before) is counts


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    name = unfinished.begin(tmp_path, RECORD)
    (tmp_path / name / "run.json").write_text('{"format": 1, "wrong": 2}')
    with pytest.raises(BadFile, match="cannot be read"):
        unfinished.read(tmp_path, name)
    (tmp_path / name / "run.json").write_text('{"format": 99}')
    with pytest.raises(BadFile, match="another version"):
        unfinished.read(tmp_path, name)

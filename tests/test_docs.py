"""What the documents say is what is there: help, references, links, code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_KEY = re.compile(r"\b[a-z]{2,}(?:19|20)\d\d[a-z]?\b")
_DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_help_in_the_docs_is_the_real_help() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write_help.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def cited() -> dict[str, str]:
    """Return key -> a file that cites it."""
    keys: dict[str, str] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        keys |= dict.fromkeys(_KEY.findall(path.read_text(encoding="utf-8")), path.name)
    return keys


def test_references_are_those_that_the_source_cites() -> None:
    listed = re.findall(r"^\| (\w+\d{4}\w?) \|", (ROOT / "docs" / "references.md").read_text(encoding="utf-8"), re.M)
    assert listed == sorted(set(listed))
    missing = {key: where for key, where in cited().items() if key not in listed}
    assert missing == {}
    assert set(listed) - set(cited()) == set()


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_files_named_in_the_documents_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:src|tests|docs|scripts|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name

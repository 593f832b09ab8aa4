"""What the tutorials show is run, from the first block to the last, on the exact fake."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from nightschool.surface.cli import run

FOLDER = Path(__file__).parent.parent / "docs" / "tutorials"
_BLOCK = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\n)?```(?P<kind>\w+)(?: title=\"(?P<file>[^\"]+)\")?\n(?P<text>.*?)```", re.DOTALL
)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.md")))
def test_the_blocks_of(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("NIGHTSCHOOL_MODEL", "scripted")
    blocks = list(_BLOCK.finditer((FOLDER / name).read_text(encoding="utf-8")))
    assert blocks
    done = 0
    for block in blocks:
        if block["skip"]:
            continue
        if block["file"]:
            place = tmp_path / block["file"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "python":
            exec(compile(block["text"].replace('"smollm2"', '"scripted"'), name, "exec"), {})
        elif block["kind"] == "console":
            for line in re.findall(r"^\$ nightschool (.*)$", block["text"], re.MULTILINE):
                assert run(shlex.split(line)) in (0, 1), (line, capsys.readouterr().err)
        done += 1
    assert done


def test_every_tutorial_is_in_the_site() -> None:
    site = (FOLDER.parent.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"tutorials/([\w-]+\.md)", site)) == {path.name for path in FOLDER.glob("*.md")}
    named = set(re.findall(r": ([\w/-]+\.md)$", site, re.MULTILINE))
    assert named == {path.relative_to(FOLDER.parent).as_posix() for path in FOLDER.parent.rglob("*.md")}

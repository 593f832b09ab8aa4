from __future__ import annotations

from pathlib import Path

from nightschool.models.weights.kept import folder_for, write_manifest
from nightschool.models.weights.packaged import SMOLLM2
from nightschool.surface.health import checks


def test_weights_that_are_not_whole_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "models" / "0-r1"
    folder.mkdir(parents=True)
    (folder / "nightschool.json").write_text("{}")
    weights = next(
        check for check in checks("smollm2", tmp_path / "cache", tmp_path / "data") if check.name == "weights"
    )
    assert not weights.good
    assert "delete the folder" in weights.said
    (folder / "nightschool.json").unlink()
    weights = next(
        check for check in checks("smollm2", tmp_path / "cache", tmp_path / "data") if check.name == "weights"
    )
    assert weights.good
    assert weights.get == "nightschool get smollm2"


def test_weights_that_are_there_are_not_said_to_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "models" / folder_for(SMOLLM2.sha256).name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    write_manifest(folder, "smollm2", SMOLLM2.sha256, {})
    weights = next(
        check for check in checks("smollm2", tmp_path / "cache", tmp_path / "data") if check.name == "weights"
    )
    assert weights.good
    assert not weights.get
    assert weights.said.startswith("1 model unpacked")

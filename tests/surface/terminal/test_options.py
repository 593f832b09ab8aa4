"""The shared options, through a command of their own."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from nightschool.config import Config
from nightschool.errors import BadBudget, BadFile
from nightschool.search.budget import Budget
from nightschool.surface.terminal.options import Settings, shared


def settings_of(*args: str) -> Settings:
    seen: list[Settings] = []

    @click.command()
    @shared(model=True, report=True)
    def command(settings: Settings) -> None:
        seen.append(settings)

    command.main(args, standalone_mode=False)
    return seen[0]


def test_all_of_them_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    read = settings_of(
        "--model", "m", "--seed", "3", "--budget", "2000tok,30s", "--report", str(folder), "--json", "-q"
    )
    assert read == Settings(True, True, Config(), "m", 3, Budget(tokens=2000, seconds=30.0), folder)
    assert folder.is_dir()


@pytest.mark.parametrize("budget", ["0tok", "0s", "12", "5parsecs", "", "-3tok", "2tok,3tok"])
def test_budgets_that_allow_nothing_or_cannot_be_read_are_refused(budget: str, tmp_path: Path) -> None:
    with pytest.raises(BadBudget):
        settings_of("--report", str(tmp_path), "--budget", budget)


def test_a_report_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadFile, match="--report"):
            settings_of("--report", str(place))


def test_a_seed_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError):
        settings_of("--report", str(tmp_path), "--seed", "-1")


def test_the_configuration_names_the_model_unless_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('model = "hf:a/b"')
    common = ["--config", str(file), "--report", str(tmp_path)]
    assert settings_of(*common).model == "hf:a/b"
    assert settings_of(*common, "--model", "scripted").model == "scripted"
    assert settings_of("--report", str(tmp_path)).model == "smollm2"


@pytest.mark.parametrize("content", ["model = ", "modle = 'x'", None])
def test_a_broken_or_missing_configuration_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadFile, match=str(file)):
        settings_of("--config", str(file), "--report", str(tmp_path))

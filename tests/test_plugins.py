"""Every entry point leads to something that can be imported and keeps its protocol's names."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from nightschool import registry

ROOT = Path(__file__).parent.parent
_DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
ALL = [(group.removeprefix("nightschool."), name) for group, plugins in _DECLARED.items() for name in plugins]


def test_what_is_declared_is_installed() -> None:
    for kind in registry.KINDS:
        assert set(_DECLARED[f"nightschool.{kind}"]) <= set(registry.names(kind))


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_plugin_loads(kind: registry.Kind, name: str) -> None:
    assert callable(registry.load(kind, name))

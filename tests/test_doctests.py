"""Every example in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
_HEAVY = ("models/local", "models/weights", "train")
MODULES = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and not any(f"/{heavy}/" in path.as_posix() for heavy in _HEAVY)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is missing; pip install -e '.[local,serve,mcp,dev]'")
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0

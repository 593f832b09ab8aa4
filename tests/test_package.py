"""What installing nightschool brings, and what importing it loads."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import nightschool

ROOT = Path(__file__).parent.parent
_HEAVY = {"torch", "transformers", "peft", "gguf", "safetensors", "accelerate"}


def names_of(requirements: list[str]) -> set[str]:
    """Return the distribution names in `requirements`, normalised."""
    return {re.split(r"[^\w.-]", r, maxsplit=1)[0].lower().replace("_", "-") for r in requirements}


def test_a_plain_install_has_no_torch() -> None:
    plain = [r for r in requires("nightschool") or [] if "extra ==" not in r]
    assert plain
    assert names_of(plain).isdisjoint(_HEAVY)


def test_every_requirement_is_pinned_to_what_was_tested() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.lower().replace("_", "-").split("==") for line in lines if line and not line.startswith("#"))
    assert names_of(list(requires("nightschool") or [])) <= set(pins)
    assert pins["torch"] == "2.13.0"
    assert all("+" not in pin for pin in pins.values())  # a local build would exist on one machine only


def test_importing_every_light_module_loads_no_torch() -> None:
    """Walk all modules but those that are there to use torch."""
    late = ("nightschool.models.local", "nightschool.models.weights", "nightschool.train", "nightschool.society.",
            "nightschool.__main__")  # fmt: skip
    light = [
        module.name
        for module in pkgutil.walk_packages(nightschool.__path__, "nightschool.", onerror=lambda _: None)
        if not module.name.startswith(late)
    ]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *light], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert {name.split(".")[0] for name in done.stdout.split()}.isdisjoint(_HEAVY)


def test_the_version_is_said_once() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    done = subprocess.run(
        [sys.executable, "-m", "nightschool", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"nightschool {declared}"

"""Reading a safetensors file with numpy alone, mapped into memory: recall by meaning needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightschool.errors import ModelDamaged

_TYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8"}


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors in the file by name. Raises ModelDamaged."""
    try:
        raw = np.memmap(path, np.uint8, "r")
        start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
        head = json.loads(raw[8:start].tobytes())
        head.pop("__metadata__", None)
        return {name: _tensor(raw[start:], facts) for name, facts in head.items()}
    except (OSError, ValueError, KeyError) as error:
        raise ModelDamaged(f"{path} is not a readable safetensors file: {error}") from error


def _tensor(raw: NDArray[Any], facts: dict[str, Any]) -> NDArray[Any]:
    begin, end = facts["data_offsets"]
    return raw[begin:end].view(_TYPES[facts["dtype"]]).reshape(facts["shape"])

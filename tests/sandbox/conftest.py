from __future__ import annotations

import pytest

from nightschool.sandbox import Bubblewrap, Limits, available


@pytest.fixture(scope="session")
def sandbox() -> Bubblewrap:
    if (reason := available()) is not None:
        pytest.skip(f"no sandbox here: {reason}")
    return Bubblewrap(Limits(memory_bytes=256 << 20))

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nightschool.ports import Sandbox
from nightschool.sandbox import Bubblewrap, Limits, Warm, available


@pytest.fixture(scope="session")
def sandbox() -> Bubblewrap:
    if (reason := available()) is not None:
        pytest.skip(f"no sandbox here: {reason}")
    return Bubblewrap(Limits(memory_bytes=256 << 20))


@pytest.fixture(scope="session")
def warm(sandbox: Bubblewrap) -> Iterator[Warm]:
    warm = Warm(sandbox.limits)
    yield warm
    warm.close()
    assert warm.cold is None


@pytest.fixture(params=["fresh", "warm"])
def either(request: pytest.FixtureRequest, sandbox: Bubblewrap, warm: Warm) -> Sandbox:
    return warm if request.param == "warm" else sandbox

from __future__ import annotations

from datetime import datetime

import pytest

from nightschool.errors import UsageError
from nightschool.surface.nights.over_memories import seconds_until


def test_a_night_ends_at_the_next_such_time() -> None:
    assert seconds_until("07:00", datetime(2026, 1, 1, 6, 59)) == 60
    assert seconds_until("07:00", datetime(2026, 1, 1, 7, 0)) == 24 * 3600
    with pytest.raises(UsageError, match="07:00"):
        seconds_until("7", datetime(2026, 1, 1))

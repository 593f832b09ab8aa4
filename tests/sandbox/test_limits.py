from __future__ import annotations

from nightschool.sandbox import Limits


def test_limits_are_named_as_the_kernel_names_them() -> None:
    rlimits = Limits(memory_bytes=1000, processes=3, disk_bytes=10, open_files=5).rlimits(2.5)
    assert rlimits["AS"] == 1000
    assert rlimits["NPROC"] == 4
    assert rlimits["CPU"] > 2.5
    assert rlimits["FSIZE"] == 10
    assert rlimits["NOFILE"] == 5
    assert rlimits["CORE"] == rlimits["MEMLOCK"] == 0

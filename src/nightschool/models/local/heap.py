"""Memory that was freed, given back to the system.

glibc keeps what many tensors of some megabytes freed, for the next ones: after a round of lessons more than two
gigabytes that nobody held.
"""

from __future__ import annotations

import ctypes
import gc
import sys


def trim() -> None:
    """Free what only cycles hold, and return the pages of free memory where the C library can (glibc's malloc_trim)."""
    gc.collect()
    if sys.platform == "linux":
        release = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if release is not None:
            release(0)

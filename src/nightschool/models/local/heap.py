"""Memory of this machine: how much a model may take for keys and values, and what was freed, given back.

glibc keeps what many tensors of some megabytes freed, for the next ones: after a round of lessons more than two
gigabytes that nobody held.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

import psutil
import torch

_MOST = 2 << 30  # bytes on a CPU, unless asked for more


def trim() -> None:
    """Free what only cycles hold, and return the pages of free memory where the C library can (glibc's malloc_trim)."""
    gc.collect()
    if sys.platform == "linux":
        release = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if release is not None:
            release(0)


def free_memory(device: torch.device) -> int:
    """Return the bytes that keys and values may take on `device`, a share of what is free there."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * 0.8)
    free = psutil.virtual_memory().available
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text().strip()).isdigit():
        free = min(free, int(text))
    return min(int(free * 0.4), _MOST)

"""The program of the process in which llama.cpp runs. It ends when whoever started it is gone, however that came.

One line of JSON comes in on standard input (a key must not be seen among a process's arguments), the address goes out
on standard output. That standard input ends is the sign to end: also a killed process closes its pipes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

_LOGGED_S = 0.3  # what llama.cpp says was wrong is written by a thread of its own


def main() -> None:
    """Serve the file that the first line names, until standard input ends."""
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    import xllamacpp

    how = xllamacpp.CommonParams()
    how.model.path = given["file"]
    how.api_keys = [given["key"]]
    how.port = 0  # any free one, on this machine alone, which is its default
    # slots that share one pool of keys and values would run out of it amid an answer
    how.n_parallel, how.n_ctx, how.kv_unified = given["branches"], given["branches"] * given["context_tokens"], False
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = given["threads"]
    how.ctx_shift = False  # what does not fit is refused, never cut
    how.cache_ram_mib = 0  # prompts are kept in their slots; beside those, up to 8 GiB would be
    how.warmup = False
    how.verbosity = given["verbosity"]
    try:
        server = xllamacpp.Server(how)
    except RuntimeError:
        time.sleep(_LOGGED_S)
        raise
    print(server.listening_address, flush=True)
    threading.Event().wait()


def _end_with_standard_input() -> None:
    while sys.stdin.read(1 << 12):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()

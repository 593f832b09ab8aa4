"""A real server in a thread, on a free port, for as long as a test needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from nightschool.ports import Model
from nightschool.surface.server.app import application
from nightschool.surface.server.engine import Engine
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.served import Served
from nightschool.surface.server.serving import bound, server


@dataclass
class Running:
    """A server that answers at `url`. lines: of its log; defects: what it complained of."""

    url: str
    served: Served
    lines: list[str] = field(default_factory=list)
    defects: list[Exception] = field(default_factory=list)


PATIENCE_S = 120
"""For a busy machine alone: no test waits so long where all is well."""


def get(url: str, **how: Any) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE_S, **how)


def post(url: str, **how: Any) -> httpx.Response:
    return httpx.post(url, timeout=PATIENCE_S, **how)


def eventually(true: Callable[[], bool]) -> bool:
    """Return whether it becomes true."""
    for _ in range(PATIENCE_S * 50):
        if true():
            return True
        time.sleep(0.02)
    return False


def minds_of(models: Mapping[str, Callable[[], Model]], **given: Any) -> Minds:
    return Minds({name: Engine(name, opened) for name, opened in models.items()}, **given)


@contextmanager
def running(served: Served, **given: Any) -> Iterator[Running]:
    listening = bound("127.0.0.1", 0)
    here = Running(f"http://127.0.0.1:{listening.getsockname()[1]}", served)
    for engine in served.minds.engines.values():
        engine._complain = here.defects.append
    app = application(served, log=here.lines.append, complain=here.defects.append, **given)
    ready = threading.Event()
    serving = server(app, ready.set)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield here
    finally:
        serving.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

"""A real server in a thread, on a free port, for as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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
        assert ready.wait(120)
        yield here
    finally:
        serving.should_exit = True
        thread.join(30)
        assert not thread.is_alive()

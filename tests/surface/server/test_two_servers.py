"""Two servers on one store: what one keeps or wakes, the other knows at once, and nothing is lost between them."""

from __future__ import annotations

import concurrent.futures
import socket
from pathlib import Path

import pytest

from nightschool.errors import UsageError
from nightschool.models.scripted import Scripted
from nightschool.sleep.nights.ledger import Ledger
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from nightschool.surface.server.serving import bound
from support.held_nights import hold, ledger
from support.serving import Running, get, minds_of, post, running

IDENTITY = "a" * 64


def test_what_one_server_changes_the_other_knows(tmp_path: Path) -> None:
    night = hold(tmp_path, base=IDENTITY, model="m")

    def served() -> Served:
        def model() -> Scripted:
            return Scripted("bare", identity=IDENTITY, adapters={night.adapter: "as taught"})

        def nights(space: str) -> Ledger:
            return ledger(space)

        return Served(minds_of({"m": model}, ledger=nights), rooms=Rooms(str(tmp_path / "memories")))

    def said(here: Running) -> str:
        body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
        return str(post(f"{here.url}/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"])

    with running(served()) as one, running(served()) as two:

        def keep(number: int) -> int:
            here = (one, two)[number % 2]
            return post(f"{here.url}/api/memories", json={"text": f"fact number {number}"}).status_code

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert list(pool.map(keep, range(40))) == [200] * 40
        for here in (one, two):
            told = get(f"{here.url}/api/memories").json()
            assert told["count"] == 40
            assert {each["text"] for each in told["memories"]} == {f"fact number {n}" for n in range(40)}
        assert said(one) == said(two) == "bare"
        assert post(f"{one.url}/api/nights/{night.name}/wake", json={"model": "m"}).status_code == 200
        assert said(one) == said(two) == "as taught"
        assert one.defects == two.defects == []


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"{port}"):
            bound("127.0.0.1", port)

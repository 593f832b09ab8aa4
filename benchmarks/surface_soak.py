"""Whether the server stays as it is: `python benchmarks/surface_soak.py [--model smollm2] [--minutes 10] [--json]`.

Clients ask one after the other, each time something else: plain and streamed answers, several choices, thinking with a
critic, weights of a text, embeddings, a conversation with memory; some go away in the middle, some send what makes no
sense. A person asks about once a minute; sixteen clients that never wait are as many requests in ten minutes as some
people make in a working day, which is printed. Memory is that of the whole process, clients included; it is flat where
the second half of the time adds less than 2% to it. The engine keeps keys and values of what was said, up to a
limit, so that what comes again is not computed again: `--cache-mb` sets it so low that it is full in the first half.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import tempfile
import time

import httpx
import psutil

from nightschool.models.resolve import open_model
from nightschool.surface.server.app import application
from nightschool.surface.server.engine import Engine
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from nightschool.surface.server.serving import bound, server

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
EXPECTED = {200, 400, 404}


def request(kind: str, model: str, number: int) -> tuple[str, dict[str, object]]:
    """Return path and body of one request."""
    asked = [{"role": "user", "content": f"Tell me about the number {number}."}]
    chat: dict[str, object] = {"model": model, "max_tokens": 12, "messages": asked}
    match kind:
        case "stream" | "leave":
            return CHAT, {**chat, "stream": True}
        case "choices":
            return CHAT, {**chat, "n": 3, "logprobs": True, "top_logprobs": 3}
        case "think":
            return CHAT, {**chat, "nightschool": {"strategy": "best-of-n:n=4", "critic": "regex:pattern=.*[0-9].*"}}
        case "memory":
            return CHAT, {**chat, "nightschool": {"memory": True, "session": str(number // 8)}}
        case "weigh":
            return TEXT, {
                "model": model,
                "prompt": f"The number {number} is",
                "max_tokens": 1,
                "echo": True,
                "logprobs": 2,
            }
        case "embed":
            return "/v1/embeddings", {"model": model, "input": f"the number {number}"}
        case "nonsense":
            return CHAT, {**chat, "model": f"no-such-{number}"} if number % 2 else {**chat, "temperature": "hot"}
        case _:
            return CHAT, chat


KINDS = ("plain", "stream", "stream", "leave", "choices", "think", "memory", "weigh", "embed", "nonsense")


async def client(
    http: httpx.AsyncClient, model: str, numbers: itertools.count[int], until: float, facts: dict[str, int]
) -> None:
    dice = random.Random(next(numbers))
    while time.monotonic() < until:
        number = next(numbers)
        kind = KINDS[number % len(KINDS)]
        path, body = request(kind, model, number)
        async with http.stream("POST", path, json=body) as reply:
            if kind == "leave":
                async for _ in reply.aiter_lines():
                    if dice.random() < 0.3:
                        break
            else:
                await reply.aread()
        facts["requests"] += 1
        facts["failed"] += reply.status_code not in EXPECTED


async def soak(name: str, minutes: float, clients: int, cache_mb: int) -> dict[str, float]:
    options = {} if name.startswith(("scripted", "openai:")) else {"memory_mb": cache_mb}
    engine = Engine(name, lambda: open_model(name, **options))
    listening = bound("127.0.0.1", 0)
    ready = asyncio.Event()
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        serving = server(application(Served(Minds({name: engine}), rooms=Rooms(folder))), ready.set)
        running = asyncio.create_task(serving.serve(sockets=[listening]))
        await ready.wait()
        numbers, facts = itertools.count(), {"requests": 0, "failed": 0}
        seen: list[float] = []
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        began = time.monotonic()
        until = began + 60 * minutes
        async with httpx.AsyncClient(base_url=url, timeout=600) as http:
            work = [asyncio.create_task(client(http, name, numbers, until, facts)) for _ in range(clients)]
            while time.monotonic() < until:
                await asyncio.sleep(min(5.0, minutes))
                seen.append(process.memory_info().rss / 2**20)
            await asyncio.gather(*work)
        for _ in range(200):
            if not len(engine):
                break
            await asyncio.sleep(0.05)
        left, threads = len(engine), process.num_threads()
        serving.should_exit = True
        await running
    half = len(seen) // 2
    middle, end = max(seen[half // 2 : half] or seen), max(seen[-max(1, half // 2) :])
    return {
        "minutes": (time.monotonic() - began) / 60,
        **facts,
        "hours_of_one_a_minute": facts["requests"] / 60,
        "rss_first_mb": seen[0],
        "rss_middle_mb": middle,
        "rss_end_mb": end,
        "grown_percent": 100 * (end / middle - 1),
        "left_in_work": left,
        "threads": threads,
        "open_files": process.num_fds() if os.name == "posix" else 0,
    }


def main() -> None:
    """Measure and print; exit 1 where memory grew, a request failed, or one was left in work."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="smollm2")
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--cache-mb", type=int, default=64)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    facts = asyncio.run(soak(asked.model, asked.minutes, asked.clients, asked.cache_mb))
    if asked.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:24} {value:10.2f}")
    raise SystemExit(bool(facts["failed"] or facts["left_in_work"] or facts["grown_percent"] > 2))


if __name__ == "__main__":
    main()

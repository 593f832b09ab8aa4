"""What the server adds to the engine: `python benchmarks/surface_latency.py [--model smollm2] [--clients 64] [--json]`.

First token: the same question one by one, straight to the engine's thread and over HTTP, each on an idle engine; the
difference of the medians is what the server adds. Throughput: as many clients at once as `--clients`, over HTTP with
streams, against the engine alone with the same requests in its batch. CPU seconds are of the whole process, clients
included, so that the ratio is if anything too low. Where there are playwright and a Chromium, the page's first view is
opened too: how long until one can type, the middle of five, and how many bytes came; `--view` measures that alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from nightschool.drive import Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task
from nightschool.models.resolve import open_model
from nightschool.ports import Model
from nightschool.surface.server.app import application
from nightschool.surface.server.engine import Engine
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.served import Served
from nightschool.surface.server.serving import bound, server
from nightschool.surface.server.v1.searches import Draws


def job(number: int, tokens: int) -> Job:
    prompt = Prompt((Message("user", f"Tell me about the number {number}."),))
    task = Task(Item("b", {}, None, "b"), prompt, Sampling(tokens, 1.0))
    return Job(Draws(1), task, Noise((number,)))


def body(model: str, number: int, tokens: int) -> dict[str, object]:
    messages = [{"role": "user", "content": f"Tell me about the number {number}."}]
    return {"model": model, "messages": messages, "max_tokens": tokens, "seed": number, "stream": True}


async def first_in_engine(engine: Engine, number: int) -> float:
    began = time.perf_counter()

    def make(model: Model) -> Job:
        return job(number, 2)

    ticket = engine.ask(make)
    await ticket.next()
    elapsed = time.perf_counter() - began
    await ticket.over()
    return elapsed


async def first_over_http(client: httpx.AsyncClient, model: str, number: int) -> float:
    began = time.perf_counter()
    elapsed = 0.0
    async with client.stream("POST", "/v1/chat/completions", json=body(model, number, 2)) as reply:
        async for line in reply.aiter_lines():
            if line.startswith("data: ") and not elapsed:
                elapsed = time.perf_counter() - began
    return elapsed


async def many_in_engine(engine: Engine, clients: int, tokens: int) -> int:
    tickets = [engine.ask(lambda model, number=number: job(number, tokens)) for number in range(clients)]  # type: ignore[misc]
    overs = [await ticket.over() for ticket in tickets]
    return sum(over.trace.usage.sampled_tokens for over in overs)  # type: ignore[union-attr]


async def many_over_http(client: httpx.AsyncClient, model: str, clients: int, tokens: int) -> int:
    async def one(number: int) -> int:
        sent = body(model, number, tokens) | {"stream_options": {"include_usage": True}}
        counted = 0
        async with client.stream("POST", "/v1/chat/completions", json=sent) as reply:
            async for line in reply.aiter_lines():
                if line.startswith('data: {"') and '"choices":[]' in line:
                    counted = json.loads(line[6:])["usage"]["completion_tokens"]
        return counted

    return sum(await asyncio.gather(*(one(number) for number in range(clients))))


async def first_view(url: str) -> dict[str, float]:
    """Return how long the page takes to its first view and how large it is; nothing where no browser is."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.async_api import async_playwright
    except ModuleNotFoundError:
        chromium = None
    if chromium is None:
        print("the first view is left out: it needs chromium and the package playwright", file=sys.stderr)
        return {}
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox does not run as root
    took, sizes = [], []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=sandbox)
        for _ in range(5):
            page = await (await browser.new_context()).new_page()
            came: list[Any] = []
            page.on("response", lambda response, came=came: came.append(response))  # type: ignore[misc]
            began = time.perf_counter()
            await page.goto(url)
            await page.get_by_label("Message").wait_for()
            took.append(time.perf_counter() - began)
            sizes.append(sum([len(await each.body()) for each in came]))
        await browser.close()
    return {"first_view_ms": 1000 * statistics.median(took), "first_view_kb": max(sizes) / 1000}


@asynccontextmanager
async def served(engine: Engine) -> AsyncIterator[str]:
    """Give the address of a server of this engine, for as long as the context lasts."""
    listening = bound("127.0.0.1", 0)
    ready = asyncio.Event()
    serving = server(application(Served(Minds({engine.name: engine}))), ready.set)
    running = asyncio.create_task(serving.serve(sockets=[listening]))
    await ready.wait()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving.should_exit = True
    await running


async def view_alone() -> dict[str, float]:
    async with served(Engine("scripted", lambda: open_model("scripted"))) as url:
        return await first_view(url)


async def measure(name: str, clients: int, rounds: int, tokens: int) -> dict[str, float]:
    engine = Engine(name, lambda: open_model(name), max_live=max(64, clients))
    async with served(engine) as url:
        facts = await measure_at(url, engine, clients, rounds, tokens)
        return facts | await first_view(url)


async def measure_at(url: str, engine: Engine, clients: int, rounds: int, tokens: int) -> dict[str, float]:
    name, facts = engine.name, dict[str, float]()
    limits = httpx.Limits(max_connections=clients + 1)
    async with httpx.AsyncClient(base_url=url, timeout=600, limits=limits) as client:
        plain, asked = [], []
        for number in range(rounds + 3):
            # the first few warm both up; by turns, so that a busy machine is busy for both
            plain.append(await first_in_engine(engine, 2 * number))
            asked.append(await first_over_http(client, name, 2 * number + 1))
        facts["first_token_engine_ms"] = 1000 * statistics.median(plain[3:])
        facts["first_token_http_ms"] = 1000 * statistics.median(asked[3:])
        facts["added_ms"] = facts["first_token_http_ms"] - facts["first_token_engine_ms"]
        await many_in_engine(engine, clients, 4)
        began, cpu = time.perf_counter(), time.process_time()
        sampled = await many_in_engine(engine, clients, tokens)
        facts["engine_tokens_per_s"] = sampled / (time.perf_counter() - began)
        facts["engine_tokens_per_cpu_s"] = sampled / (time.process_time() - cpu)
        began, cpu = time.perf_counter(), time.process_time()
        sampled = await many_over_http(client, name, clients, tokens)
        facts["http_tokens_per_s"] = sampled / (time.perf_counter() - began)
        facts["http_tokens_per_cpu_s"] = sampled / (time.process_time() - cpu)
    facts["share_of_engine"] = facts["http_tokens_per_cpu_s"] / facts["engine_tokens_per_cpu_s"]
    return facts


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="smollm2")
    options.add_argument("--clients", type=int, default=64)
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--tokens", type=int, default=48)
    options.add_argument("--view", action="store_true", help="the page's first view alone, without a real model")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    work = view_alone() if asked.view else measure(asked.model, asked.clients, asked.rounds, asked.tokens)
    facts = asyncio.run(work)
    if asked.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:26} {value:10.2f}")


if __name__ == "__main__":
    main()

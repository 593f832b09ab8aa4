"""Requests share the engine's batches; who goes away frees it; what breaks is told to those whom it concerns."""

from __future__ import annotations

import concurrent.futures
import json
import threading
import time

import httpx
import pytest

from nightschool.models.scripted import Scripted
from nightschool.surface.server.served import Served
from support.serving import Running, eventually, minds_of, running

ENDLESS = 100_000


class Held(Scripted):
    """A model that takes its next step only once it is let go."""

    def __init__(self) -> None:
        super().__init__(rule=lambda prompt, written: {"a": 1.0}, context_tokens=10 * ENDLESS)
        self.go = threading.Event()

    def step(self):  # type: ignore[no-untyped-def]
        self.go.wait(60)
        return super().step()


def body(content: str = "?", **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


def post(here: Running, **more: object) -> httpx.Response:
    return httpx.post(f"{here.url}/v1/chat/completions", json=body(**more), timeout=120)


def test_requests_are_in_the_same_batches() -> None:
    model = Held()
    with (
        running(Served(minds_of({"m": lambda: model}))) as here,
        concurrent.futures.ThreadPoolExecutor(16) as pool,
    ):
        replies = [pool.submit(post, here, max_tokens=50) for _ in range(16)]
        [engine] = here.served.minds.engines.values()
        assert eventually(lambda: len(engine) == 16)
        model.go.set()
        assert all(reply.result().json()["choices"][0]["message"]["content"] == "a" * 50 for reply in replies)
    assert model.steps < 16 * 50 / 4


def test_64_streams_lose_nothing() -> None:
    texts = [f"{number} " * 8 for number in range(64)]
    answers = {f"<{number}>": text for number, text in enumerate(texts)}

    def stream(client: httpx.Client, number: int) -> tuple[str, bool]:
        with client.stream("POST", "/v1/chat/completions", json=body(f"<{number}>", stream=True)) as reply:
            lines = [line.removeprefix("data: ") for line in reply.iter_lines() if line.startswith("data: ")]
        deltas = [json.loads(line)["choices"][0]["delta"] for line in lines[:-1]]
        return "".join(delta.get("content") or "" for delta in deltas), lines[-1] == "[DONE]"

    with (
        running(Served(minds_of({"m": lambda: Scripted(answers)}))) as here,
        httpx.Client(base_url=here.url, timeout=120, limits=httpx.Limits(max_connections=64)) as client,
        concurrent.futures.ThreadPoolExecutor(64) as pool,
    ):
        said = list(pool.map(lambda number: stream(client, number), range(64)))
        assert here.defects == []
    assert [text for text, _ in said] == texts
    assert all(done for _, done in said)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_client_that_goes_away_ends_its_work(streaming: bool) -> None:
    def slowly(prompt: str, written: str) -> dict[str, float]:
        time.sleep(0.002)  # two minutes for all of it: nobody can be done before the client is gone
        return {"a": 1.0}

    model = Scripted(rule=slowly, context_tokens=10 * ENDLESS)
    with running(Served(minds_of({"m": lambda: model}))) as here:
        [engine] = here.served.minds.engines.values()
        sent = body(stream=streaming, max_tokens=60_000)
        with httpx.Client(timeout=120) as client:
            if streaming:
                with client.stream("POST", f"{here.url}/v1/chat/completions", json=sent) as reply:
                    lines = reply.iter_lines()  # kept: to drop it closes the connection
                    assert next(lines).startswith("data: ")
                    assert len(engine) == 1
            else:
                with pytest.raises(httpx.ReadTimeout):
                    client.post(f"{here.url}/v1/chat/completions", json=sent, timeout=httpx.Timeout(120, read=0.5))
        assert eventually(lambda: len(engine) == 0)
        steps = model.steps
        assert steps < 60_000
        assert post(here, max_tokens=1).status_code == 200
        assert here.defects == []


def test_a_client_that_goes_away_before_the_first_token_ends_its_work() -> None:
    model = Held()
    with running(Served(minds_of({"m": lambda: model}))) as here:
        [engine] = here.served.minds.engines.values()
        sent, timeout = body(stream=True, max_tokens=60_000), httpx.Timeout(120, read=0.5)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{here.url}/v1/chat/completions", json=sent, timeout=timeout)
        assert eventually(lambda: any('"status": 499' in line for line in here.lines))
        model.go.set()
        assert eventually(lambda: len(engine) == 0)
        assert model.steps < 60_000
        assert here.defects == []


def test_a_full_queue_is_said() -> None:
    model = Held()
    served = Served(minds_of({"m": lambda: model}))
    [engine] = served.minds.engines.values()
    engine._max_waiting = 2
    with running(served) as here, concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(post, here, max_tokens=1) for _ in range(2)]
        assert eventually(lambda: len(engine) == 2)
        refused = post(here)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "queue_full"
        model.go.set()
        assert [reply.result().status_code for reply in waiting] == [200, 200]


def test_a_model_that_fails_is_no_answer() -> None:
    faults = {"crash": "crash", "draw": "draw", "refuse": "refuse", "nan": "nan"}

    def fault(ask):  # type: ignore[no-untyped-def]
        return faults.get(ask.prefix.prompt.messages[-1].content)

    with running(Served(minds_of({"m": lambda: Scripted("42", faults=fault)}))) as here:
        for word in faults:
            failed = post(here, content=word)
            assert failed.status_code == 502, word
            assert failed.json()["error"]["type"] == "server_error"
        streamed = post(here, content="draw", stream=True)
        assert '"error"' in streamed.text
        assert "[DONE]" not in streamed.text
        assert post(here, content="fine").json()["choices"][0]["message"]["content"] == "42"
        assert here.defects == []


def test_a_defect_is_complained_of_and_the_server_goes_on() -> None:
    def rule(prompt: str, written: str) -> dict[str, float]:
        if "defect" in prompt and written:
            raise ZeroDivisionError("a secret of the server")
        return {"a": 1.0}

    with running(Served(minds_of({"m": lambda: Scripted(rule=rule)}))) as here:
        failed = post(here, content="defect", max_tokens=5)
        assert failed.status_code == 500
        assert "secret" not in failed.text
        assert isinstance(here.defects[0], ZeroDivisionError)
        assert post(here, max_tokens=2).json()["choices"][0]["message"]["content"] == "aa"


def test_the_time_limit_of_a_request_cuts_it() -> None:
    from nightschool.surface.server.v1.ask import Limits

    model = Scripted(rule=lambda prompt, written: {"a": 1.0}, context_tokens=10 * ENDLESS)
    with running(Served(minds_of({"m": lambda: model}), Limits(seconds=0.3))) as here:
        cut = post(here, max_tokens=60_000).json()["choices"][0]
    assert cut["finish_reason"] == "length"
    assert len(cut["message"]["content"]) < 60_000

"""What only an endpoint can follow goes there as it came: tools, likely tokens, its own refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nightschool.config import Endpoint
from nightschool.models.openai_http.model import HttpModel
from nightschool.models.scripted import Scripted
from nightschool.models.weights.told import Told
from nightschool.surface.server.served import Served
from support.serving import Running, minds_of, running

openai = pytest.importorskip("openai", reason="pip install openai")

CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
ASK = [{"role": "user", "content": "2 + 3?"}]
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


class Far(BaseHTTPRequestHandler):
    """Calls the tool once, answers with what it said, and says what it was sent."""

    sent: list[dict[str, Any]] = []  # noqa: RUF012

    def log_message(self, *words: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.reply(200, {"data": [{"id": "far", "max_model_len": 2048}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/completions") and "messages" not in body and body.get("echo"):
            return self.reply(400, {"error": {"message": "no echo here"}})
        self.sent.append(body)
        if body.get("frequency_penalty") == 2.0:
            return self.reply(400, {"error": {"message": "frequency_penalty is too high"}})
        if body.get("frequency_penalty") == 1.5:
            return self.reply(429, {"error": {"message": "slow down"}}, retry="400")
        said = [m["content"] for m in body["messages"] if m["role"] == "tool"] or ["plain"] * ("tools" not in body)
        message = {"role": "assistant", "content": f"It is {said[0]}."} if said else {
            "role": "assistant", "content": None, "tool_calls": [CALL]
        }  # fmt: skip
        finish = "stop" if said else "tool_calls"
        frame = {"id": "x", "created": 1, "model": "far"}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
            return self.reply(200, {**frame, "object": "chat.completion", "choices": [choice], "usage": USAGE})
        calls = [{"index": 0, **CALL}]
        deltas = [{"role": "assistant"}, {"content": message["content"]} if said else {"tool_calls": calls}, {}]
        chunks = [
            {**frame, "object": "chat.completion.chunk", "choices": [
                {"index": 0, "delta": delta, "finish_reason": None if delta else finish}
            ]} for delta in deltas
        ]  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in [*chunks, {**frame, "choices": [], "usage": USAGE}]:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        return None

    def reply(self, status: int, value: Any, retry: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if retry:
            self.send_header("Retry-After", retry)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())


@pytest.fixture(scope="module")
def here() -> Iterator[Running]:
    far = ThreadingHTTPServer(("127.0.0.1", 0), Far)
    far.daemon_threads = True
    threading.Thread(target=far.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{far.server_address[1]}#far"

    def opened() -> HttpModel:
        return HttpModel.at(address, Endpoint(retries=1), Told(), name="openai:far")

    with running(Served(minds_of({"far": opened, "near": lambda: Scripted("42")}))) as server:
        yield server
        assert server.defects == []
    far.shutdown()
    far.server_close()


@pytest.fixture
def client(here: Running) -> Iterator[openai.OpenAI]:
    Far.sent.clear()
    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_a_tool_is_called_and_its_result_is_answered(client: openai.OpenAI, here: Running) -> None:
    extra = {"nightschool": {}, "parallel_tool_calls": False}
    first = client.chat.completions.create(model="far", messages=ASK, tools=TOOLS, extra_body=extra)
    message = first.choices[0].message
    assert message.tool_calls[0].function.arguments == '{"a": 2, "b": 3}'
    assert first.choices[0].finish_reason == "tool_calls"
    assert first.model == "far"
    [sent] = Far.sent
    assert sent == {"model": "far", "messages": ASK, "tools": TOOLS, "parallel_tool_calls": False}
    result = {"role": "tool", "tool_call_id": "c1", "content": "5"}
    turns = [*ASK, message.model_dump(exclude_none=True), result]
    assert client.chat.completions.create(model="far", messages=turns).choices[0].message.content == "It is 5."
    line = json.loads(here.lines[-1])
    assert (line["prompt_tokens"], line["sampled_tokens"], line["model"]) == (7, 5, "far")


@pytest.mark.parametrize("field", [{"budget": "100tok"}, {"memory": True}])
def test_what_cannot_be_kept_for_another_server_is_not_promised(client: openai.OpenAI, field: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError, match=f"nightschool.{next(iter(field))} does not go with"):
        client.chat.completions.create(model="far", messages=ASK, tools=TOOLS, extra_body={"nightschool": field})


def test_a_tool_call_is_streamed(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="far", messages=ASK, tools=TOOLS, stream=True))
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or ()]
    assert calls[0].function.name == "add"
    assert chunks[-1].usage.completion_tokens == 5
    assert {chunk.model for chunk in chunks} == {"far"}


def test_an_endpoint_s_own_refusals_are_told_as_such(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="frequency_penalty is too high"):
        client.chat.completions.create(model="far", messages=ASK, frequency_penalty=2.0)
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError, match="slow down"):
            client.chat.completions.create(model="far", messages=ASK, frequency_penalty=1.5, stream=stream)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"tools": TOOLS}, "tools"),
        ({"presence_penalty": 1.0}, "presence_penalty"),
        ({"messages": [*ASK, {"role": "tool", "tool_call_id": "c1", "content": "5"}]}, "messages.1.role"),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL]}]}, "messages.0.tool_calls"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
         "messages.0.content"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["near", "far+think(vote=3)"])
def test_who_cannot_follow_says_so(client: openai.OpenAI, model: str, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError, match="is not supported by") as refused:
        client.chat.completions.create(**{"model": model, "messages": ASK, **changes})
    assert refused.value.body["param"] == param
    assert Far.sent == []


def test_plain_requests_go_through_the_engine(client: openai.OpenAI) -> None:
    assert client.chat.completions.create(model="far", messages=ASK).choices[0].message.content == "It is plain."
    assert Far.sent[0]["stream"] is True  # as the engine asks, whatever the client wanted

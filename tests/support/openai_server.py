"""A server that speaks the OpenAI protocol, backed by a scripted model, with faults to order.

    python openai_server.py     prints its URL; runs until standard input is closed

The model's name orders the behaviour: `scripted` behaves; `scripted+429` and the other names in FAULTS do not.
GET /stats tells what was asked, GET /reset forgets it.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nightschool.asks import Propose, Weigh
from nightschool.items import Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.distribution import END
from nightschool.models.scripted import Scripted

FAULTS = (
    "429", "500", "flaky", "hang", "silent", "cut", "eof", "lie", "garbage", "plain", "strict", "chatonly", "noecho",
    "slow", "401", "bare", "stranger", "filter", "noprefill", "coarse", "completion-tokens", "five",
)  # fmt: skip
ANSWERS = {"capital": "Paris", "count": "1, 2, 3, 4\n\nNext: 5", "long": "x" * 400}
_lock = threading.Lock()
_stats: dict[str, Any] = {}


def rule(prompt: str, written: str) -> dict[str, float]:
    """Answer some prompts by heart and babble letters to the others."""
    for piece, answer in ANSWERS.items():
        if piece in prompt:
            return {answer[len(written)] if len(written) < len(answer) else END: 1.0}
    return {"a": 0.5, "b": 0.3, END: 0.2 if written else 0.0}


def reset() -> None:
    with _lock:
        _stats.clear()
        _stats.update(bodies=[], keys=[], tries={}, live=0, most=0, broken=0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/stats":
            with _lock:
                self.reply(200, _stats)
        elif self.path == "/reset":
            reset()
            self.reply(200, {})
        elif self.path == "/v1/models":
            rows = [{"id": "+".join(["scripted", *([f] if f else [])]), "max_model_len": 2048} for f in ("", *FAULTS)]
            self.reply(200, {"object": "list", "data": rows})
        elif self.path == "/only/v1/models":
            self.reply(200, {"data": [{"id": "scripted", "meta": {"n_ctx": 1024}}]})
        else:
            self.reply(404, {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/only")
        probing = bool(body.get("echo")) and "one two" in str(body.get("prompt"))
        with _lock:
            if not probing:
                _stats["bodies"].append(body)
            _stats["keys"].append(self.headers.get("Authorization"))
            seen = 0
            if not probing:
                _stats["tries"][body["model"]] = seen = _stats["tries"].get(body["model"], 0) + 1
            _stats["live"] += 1
            _stats["most"] = max(_stats["most"], _stats["live"])
        try:
            self.answer(path, body, body["model"].partition("+")[2], seen, probing)
        except (BrokenPipeError, ConnectionResetError):
            with _lock:
                _stats["broken"] += 1
            self.close_connection = True
        finally:
            with _lock:
                _stats["live"] -= 1

    def answer(self, path: str, body: dict[str, Any], fault: str, seen: int, probing: bool) -> None:
        if not body["model"].startswith("scripted") or fault == "stranger":
            return self.reply(404, {"error": {"message": f"model {body['model']!r} is not served"}})
        if fault == "401":
            return self.reply(401, {"error": {"message": f"bad key {self.headers.get('Authorization')}"}})
        if fault == "chatonly" and path == "/v1/completions":
            return self.reply(404, {"detail": "Not Found"})
        if not probing:
            if fault == "429" and seen <= 2:
                return self.reply(429, {"error": "slow down"}, {"Retry-After": "0.05"})
            if fault == "500" or (fault == "flaky" and seen == 1):
                return self.reply(503, {"error": {"message": "overloaded"}})
            if fault == "hang":
                time.sleep(30)
            if fault == "garbage":
                return self.raw(200, b"<html>not today</html>")
        refused = {
            "strict": ["seed", "min_p", "top_k", "stream_options"], "bare": ["logprobs"],
            "noprefill": ["continue_final_message"], "completion-tokens": ["max_tokens"],
        }.get(fault, [])  # fmt: skip
        for field in refused:
            if field in body:
                hint = "; use max_completion_tokens" if field == "max_tokens" else ""
                return self.reply(400, {"error": {"message": f"Unrecognized request argument: {field}{hint}"}})
        if fault == "five" and body.get("top_logprobs", 0) > 5:
            return self.reply(400, {"error": {"message": "top_logprobs is at most 5"}})
        if body.get("echo") and fault != "noecho":
            return self.reply(200, self.echo(body))
        return self.generate(path, body, fault)

    def echo(self, body: dict[str, Any]) -> dict[str, Any]:
        text = body["prompt"]
        model = Scripted(rule=lambda prompt, written: {"a": 0.5, "b": 0.3, " ": 0.2})
        model.submit([Weigh("w", Prefix(Prompt(text="?")), (Segment(text),))])
        [reply] = model.step().replies
        logps = [max(logp, -99.0) for logp in reply.segments[0].logps]
        tops = [{c: math.log(p) for c, p in (("a", 0.5), ("b", 0.3), (" ", 0.2))} for _ in text]
        choice = {"index": 0, "text": text + "!", "finish_reason": "length", "logprobs": {
            "tokens": [*text, "!"], "token_logprobs": [None, *logps[1:], -1.0],
            "top_logprobs": [None, *tops[1:], {"!": -1.0}], "text_offset": list(range(len(text) + 1)),
        }}  # fmt: skip
        if "logprobs" not in body:
            choice["logprobs"] = None
        return {"choices": [choice], "usage": {"prompt_tokens": len(text), "completion_tokens": 1}}

    def generate(self, path: str, body: dict[str, Any], fault: str) -> None:
        chat = path == "/v1/chat/completions"
        prompt = json.dumps(body["messages"]) if chat else body["prompt"]
        most = body.get("max_tokens") or body["max_completion_tokens"]
        n = body.get("n", 1)
        model = Scripted(rule=rule)
        sampling = Sampling(most, body["temperature"], body.get("top_p", 1.0))
        model.submit([Propose("q", Prefix(Prompt(text=prompt)), n, sampling, Noise((body.get("seed", 0),)))])
        told = bool(body.get("logprobs")) and fault not in ("plain", "lie", "coarse")
        streams = body.get("stream") and fault != "plain"
        if streams:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
        sent, reply, held = 0, None, ""
        while reply is None:
            progress = model.step()
            if fault == "slow":
                time.sleep(0.02)
            for delta in progress.deltas if streams else ():
                if not delta.text:
                    continue
                held += delta.text
                if fault == "coarse" and len(held) < 4:
                    continue
                self.event({"choices": [self.choice(chat, delta.draw, held, told)]})
                held = ""
                sent += 1
                if sent == 2 and fault == "silent":
                    time.sleep(30)
                if sent == 2 and fault == "cut":
                    self.connection.close()
                    raise ConnectionResetError
                if sent == 2 and fault == "eof":
                    self.done()
                    return
            reply = progress.replies[0] if progress.replies else None
        if held:
            self.event({"choices": [self.choice(chat, 0, held, told)]})
        sampled = sum(len(draw.segment.text) for draw in reply.draws)
        usage = {"prompt_tokens": len(prompt), "completion_tokens": 1 if fault == "lie" else sampled}
        finishes = {"end": "stop", "length": "length"}
        finish = ["content_filter" if fault == "filter" else finishes[draw.finish] for draw in reply.draws]
        if not streams:
            choices = [
                self.choice(chat, i, d.segment.text, told, finish[i], "message") for i, d in enumerate(reply.draws)
            ]
            if told and not body.get("stream"):
                count = int(body.get("top_logprobs") or body["logprobs"])
                self.list_tops(choices[0]["logprobs"], rule(prompt, ""), count)
            self.reply(200, {"choices": choices, "usage": usage})
            return
        for i in range(n):
            self.event({"choices": [self.choice(chat, i, "", False, finish[i])]})
        if (body.get("stream_options") or {}).get("include_usage"):
            self.event({"choices": [], "usage": usage})
        self.done()

    def choice(
        self, chat: bool, index: int, text: str, told: bool, finish: str | None = None, whole: str = "delta"
    ) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": index, "finish_reason": finish, "logprobs": None}
        if chat:
            choice[whole] = {"content": text}
        else:
            choice["text"] = text
        if told and chat:
            choice["logprobs"] = {
                "content": [{"token": c, "logprob": -0.5, "id": ord(c), "bytes": [ord(c)]} for c in text]
            }
        elif told:
            choice["logprobs"] = {"tokens": list(text), "token_logprobs": [-0.5] * len(text)}
        return choice

    @staticmethod
    def list_tops(logprobs: dict[str, Any], weights: dict[str, float], count: int) -> None:
        best = sorted(((token, math.log(p)) for token, p in weights.items() if p), key=lambda pair: -pair[1])[:count]
        if "content" in logprobs:
            logprobs["content"][0]["top_logprobs"] = [{"token": token, "logprob": logp} for token, logp in best]
        else:
            logprobs["top_logprobs"] = [dict(best)]

    def event(self, value: dict[str, Any]) -> None:
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def done(self) -> None:
        self.chunk(b": a comment\n\ndata: [DONE]\n\n")
        self.chunk(b"")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def reply(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self.raw(status, json.dumps(value).encode(), headers)

    def raw(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    reset()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

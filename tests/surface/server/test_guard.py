"""What stands in front: keys, sizes, times, names, origins; and the log, which says nothing of what was said."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nightschool.models.scripted import Scripted
from nightschool.surface.server import serving
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.served import Served
from nightschool.surface.server.tickets import Tickets
from support.serving import PATIENCE_S, Running, eventually, get, minds_of, post, running

BODY = {"model": "m", "messages": [{"role": "user", "content": "a secret question"}]}


@pytest.fixture(scope="module")
def open_() -> Iterator[Running]:
    served = Served(minds_of({"m": lambda: Scripted("42")}))
    with running(served, body_bytes=2000, hosts=("127.0.0.1", "localhost")) as here:
        yield here


@pytest.fixture(scope="module")
def locked() -> Iterator[tuple[Running, str]]:
    keys, told = Keys().added("anna")
    with running(Served(minds_of({"m": lambda: Scripted("42")}), keys=keys)) as here:
        yield here, told


def test_a_key_opens_and_another_does_not(locked: tuple[Running, str]) -> None:
    here, told = locked
    url = f"{here.url}/v1/chat/completions"
    assert post(url, json=BODY, headers={"Authorization": f"Bearer {told}"}).status_code == 200
    for headers in ({}, {"Authorization": "Bearer ns-wrong"}, {"Authorization": f"Basic {told}"}):
        refused = post(url, json=BODY, headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["type"] == "authentication_error"
    assert eventually(lambda: len(here.lines) == 4)
    assert json.loads(here.lines[0])["key"] == "anna"
    assert told not in "".join(here.lines)


def test_what_shows_nothing_needs_no_key(locked: tuple[Running, str]) -> None:
    here, _ = locked
    codes = {path: get(here.url + path).status_code for path in ("/", "/healthz", "/assets/page.css")}
    assert set(codes.values()) == {200}
    for path in ("/v1/models", "/metrics", "/api/nights", "/api/state", "/reports/report"):
        assert get(here.url + path).status_code == 401


def test_a_body_that_is_too_large_is_refused(open_: Running) -> None:
    refused = post(f"{open_.url}/v1/chat/completions", json={**BODY, "user": "x" * 3000})
    assert refused.status_code == 413

    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 500 for _ in range(10))

    headers = {"content-type": "application/json"}
    with contextlib.suppress(httpx.TransportError):  # the server may be gone before all of it was sent
        assert post(f"{open_.url}/v1/chat/completions", content=chunks(), headers=headers).status_code == 413
    assert eventually(lambda: ["413" in line for line in open_.lines].count(True) >= 2)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"x"', b'{"model": "m", "messages": "\xff"}', b'{"model": "\\ud800"}']
)
def test_what_is_no_request_is_refused(open_: Running, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/embeddings"):
        refused = post(open_.url + path, content=content, headers=headers)
        assert refused.status_code == 400
        assert refused.json()["error"]["message"]


def test_forms_and_other_origins_are_refused(open_: Running) -> None:
    url = f"{open_.url}/v1/chat/completions"
    assert post(url, content=json.dumps(BODY), headers={"content-type": "text/plain"}).status_code == 415
    assert post(url, json=BODY, headers={"origin": "https://evil.example"}).status_code == 403
    assert post(url, json=BODY, headers={"origin": open_.url}).status_code == 200
    assert get(open_.url, headers={"host": "evil.example"}).status_code == 421


def test_paths_lead_nowhere_else(open_: Running) -> None:
    for path in (
        "/assets/../server/app.py",
        "/assets/%2e%2e/server/app.py",
        "/reports/%2e%2e",
        "/api/exams/..%2f..",
        "/api/recognitions/..%2f..",
        "/api/memories/..%2f..%2fkeys.json",
        "/no",
    ):
        reply = get(open_.url + path)
        assert reply.status_code == 404
        assert reply.json()["error"]["message"]


def test_other_methods_are_refused(open_: Running) -> None:
    assert get(f"{open_.url}/v1/chat/completions").status_code == 405
    assert post(f"{open_.url}/v1/models", json={}).status_code == 405


def test_every_response_has_its_headers(open_: Running) -> None:
    for path in ("/", "/v1/models", "/no"):
        headers = get(open_.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 16


def test_a_request_that_does_not_arrive_is_given_up() -> None:
    lines = ["POST /v1/completions HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Content-Length: 9"]
    head = "\r\n".join([*lines, "", "{"]).encode()
    with (
        running(Served(minds_of({"m": lambda: Scripted("42")})), body_s=0.3) as here,
        socket.create_connection(("127.0.0.1", int(here.url.rsplit(":", 1)[1])), timeout=PATIENCE_S) as slow,
    ):
        slow.sendall(head)
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_request_that_arrives_a_byte_at_a_time_is_given_up_all_the_same() -> None:
    lines = [
        "POST /v1/completions HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        "Content-Length: 99999",
    ]
    with (
        running(Served(minds_of({"m": lambda: Scripted("42")})), body_s=0.5) as here,
        socket.create_connection(("127.0.0.1", int(here.url.rsplit(":", 1)[1])), timeout=0.05) as slow,
    ):
        slow.sendall("\r\n".join([*lines, "", "{"]).encode())
        answer = b""
        for _ in range(round(PATIENCE_S / 0.05)):
            with contextlib.suppress(TimeoutError):
                answer = slow.recv(4096)
                break
            slow.sendall(b" ")
        assert answer.startswith(b"HTTP/1.1 408")


def test_a_connection_that_never_asks_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_S", 0.2)
    with (
        running(Served(minds_of({"m": lambda: Scripted("42")}))) as here,
        socket.create_connection(("127.0.0.1", int(here.url.rsplit(":", 1)[1])), timeout=PATIENCE_S) as slow,
        contextlib.suppress(ConnectionError),  # closed before this was sent, which is as good
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        assert slow.recv(1) == b""


def test_the_log_says_who_and_how_long_and_never_what(open_: Running) -> None:
    told = post(f"{open_.url}/v1/chat/completions", json=BODY).headers["x-request-id"]
    assert eventually(lambda: any(told in line for line in open_.lines))
    [line] = [json.loads(line) for line in open_.lines if told in line]
    assert line["status"] == 200
    assert line["model"] == "m"
    assert line["sampled_tokens"] == 3
    assert line["ms"] > 0
    assert "secret" not in "".join(open_.lines)


def test_metrics_count(open_: Running) -> None:
    told = post(f"{open_.url}/v1/chat/completions", json=BODY).headers["x-request-id"]
    assert eventually(lambda: any(told in line for line in open_.lines))
    text = get(f"{open_.url}/metrics").text
    assert 'nightschool_requests_total{path="/v1/chat/completions",status="200"}' in text
    assert 'nightschool_tokens_total{kind="sampled"}' in text
    assert 'nightschool_engine_steps{model="m"}' in text


def test_a_ticket_opens_one_page_for_an_hour(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("{}")
        (tmp_path / name / "index.html").write_text("<h1>whole</h1>")
    keys, owner = Keys().added("me", "default")
    with running(Served(minds_of({"m": lambda: Scripted("42")}), keys=keys, reports=tmp_path)) as here:
        link = get(f"{here.url}/api/exams/a", headers={"Authorization": f"Bearer {owner}"}).json()["page"]
        assert get(here.url + link).text == "<h1>whole</h1>"
        assert get(here.url + link.replace("/a?", "/b?")).status_code == 401
        assert get(here.url + link.replace("/reports/a?", "/api/exams/a?")).status_code == 401
        assert get(here.url + link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 401
        assert get(f"{here.url}/reports/a").status_code == 401
    tickets = Tickets()
    ticket = tickets.issue("/reports/a", 0.0)
    assert tickets.opens("/reports/a", ticket, 3599.0)
    assert not tickets.opens("/reports/a", ticket, 3600.0)
    assert not tickets.opens("/reports/a", "x.y", 0.0)


def test_who_sends_a_body_that_is_too_large_is_told_before_it_is_over() -> None:
    with running(Served(minds_of({"m": lambda: Scripted("42")})), body_bytes=100_000) as here:
        headers = {"content-type": "application/json"}
        refused = post(f"{here.url}/v1/chat/completions", content=b"x" * 1_000_000, headers=headers)
        assert refused.status_code == 413
        assert "100000 bytes" in refused.json()["error"]["message"]

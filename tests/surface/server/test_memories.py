"""Memory behind the server: kept and recalled in conversations, looked after over HTTP, one space to a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from nightschool.errors import UsageError
from nightschool.models.scripted import Scripted
from nightschool.remember.memory import Memory
from nightschool.remember.store.opened import open_store
from nightschool.surface.server.keys import Keys
from nightschool.surface.server.rooms import Rooms
from nightschool.surface.server.served import Served
from support.serving import PATIENCE_S, minds_of, running


class Client:
    """Somebody with a key."""

    def __init__(self, url: str, key: str = "none") -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {key}"}

    def __call__(self, method: str, path: str, **how: Any) -> httpx.Response:
        return httpx.request(method, self._url + path, headers=self._headers, timeout=PATIENCE_S, **how)

    def chat(self, text: str, **field: Any) -> dict[str, Any]:
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "nightschool": field}
        reply = self("POST", "/v1/chat/completions", json=body)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def texts(self) -> list[str]:
        return [each["text"] for each in self("GET", "/api/memories").json()["memories"]]


def echo(prompt: str) -> str:
    return "It is in the blue jar" if "> the key is in the blue jar" in prompt else "I cannot know"


@pytest.fixture
def clients() -> Iterator[tuple[Client, Client]]:
    keys, anna = Keys().added("anna")
    keys, bert = keys.added("bert")
    moments = iter(float(n) for n in range(1_700_000_000, 1_800_000_000))
    served = Served(minds_of({"m": lambda: Scripted(echo)}), keys=keys, rooms=Rooms(clock=lambda: next(moments)))
    with running(served) as here:
        yield Client(here.url, anna), Client(here.url, bert)
        assert here.defects == []


def test_what_was_said_is_recalled_by_who_said_it_alone(clients: tuple[Client, Client]) -> None:
    anna, bert = clients
    anna.chat("the key is in the blue jar", memory=True, session="one")
    asked = "where is the key?"
    told = anna.chat(asked, memory=True, session="two")
    assert told["choices"][0]["message"]["content"] == "It is in the blue jar"
    recalled = told["nightschool"]["recalled"]
    assert next(each["text"] for each in recalled if each["shown"]) == "the key is in the blue jar"
    assert told["nightschool"]["session"] == "two"
    for other in (bert.chat(asked, memory=True), anna.chat(asked), anna.chat(asked, memory=False)):
        assert other["choices"][0]["message"]["content"] == "I cannot know"
    assert anna.texts() == ["It is in the blue jar", asked, "I cannot know", "the key is in the blue jar"]
    assert "the key is in the blue jar" not in bert.texts()
    used = anna("GET", f"/api/memories/{recalled[0]['id']}").json()
    assert used["recalls"] == 1  # it helped, so it is stronger


def test_a_stream_remembers_too_and_a_conversation_does_not_recall_itself(clients: tuple[Client, Client]) -> None:
    anna, _ = clients
    body = {"model": "m", "messages": [{"role": "user", "content": "the key is in the blue jar"}], "stream": True,
            "nightschool": {"memory": True, "session": "s"}}  # fmt: skip
    reply = anna("POST", "/v1/chat/completions", json=body)
    assert '"recalled":[]' in reply.text
    assert anna.texts() == ["I cannot know", "the key is in the blue jar"]
    told = anna.chat("the key in the blue jar?", memory=True, session="s")
    assert told["nightschool"]["recalled"] == []


def test_memories_are_looked_after(clients: tuple[Client, Client]) -> None:
    anna, bert = clients
    kept = anna("POST", "/api/memories", json={"text": "Eva lives in Kiel", "tags": ["eva"], "marked": True}).json()
    assert (kept["salience"], kept["tags"], kept["left"] > 0.99) == (1.0, ["eva"], True)
    one = anna("GET", f"/api/memories/{kept['id']}").json()
    left = [each for _, each in one["curve"]]
    assert left == sorted(left, reverse=True)
    assert left[0] == 1
    found = anna("GET", "/api/memories", params={"q": "where does Eva live?"}).json()["memories"]
    assert found[0]["id"] == kept["id"]
    assert found[0]["ways"]
    changed = anna("PATCH", f"/api/memories/{kept['id']}", json={"marked": False, "tags": ["town"]}).json()
    assert (changed["id"], changed["marked"], changed["tags"]) == (kept["id"], False, ["town"])
    anew = anna("PATCH", f"/api/memories/{kept['id']}", json={"text": "Eva lives in Bonn"}).json()
    assert anew["id"] != kept["id"]
    assert anna.texts() == ["Eva lives in Bonn"]
    for method, how in (("GET", {}), ("PATCH", {"json": {"marked": True}}), ("DELETE", {})):
        assert bert(method, f"/api/memories/{anew['id']}", **how).status_code == 404
    gone = anna("DELETE", f"/api/memories/{anew['id']}")
    assert gone.json()["forgotten"] == [anew["id"]]
    assert anna.texts() == []


def test_what_cannot_be_remembered_is_refused(clients: tuple[Client, Client]) -> None:
    anna, _ = clients
    refused = [
        anna("POST", "/api/memories", json={"text": "   "}),
        anna("POST", "/api/memories", json={"text": "a\0b"}),
        anna("POST", "/api/memories", json={"text": 3}),
        anna("PATCH", "/api/memories/0", json={}),
        anna("GET", "/api/memories", params={"offset": "x"}),
        anna("POST", "/v1/completions", json={"model": "m", "prompt": "x", "nightschool": {"memory": True}}),
    ]
    assert [reply.status_code for reply in refused] == [400] * len(refused)
    assert anna.texts() == []


def test_spaces_have_names_that_a_folder_takes() -> None:
    with pytest.raises(UsageError, match="cannot name a space"):
        Keys().added("../anna")
    assert Keys().added("../anna", "anna")[0].keys[0].space == "anna"


def test_what_is_recalled_leaves_room_for_the_answer() -> None:
    rooms = Rooms()
    for number in range(8):
        rooms.heard("default", f"the key number {number} is {'very ' * 30}long", "before", number)
    with running(Served(minds_of({"m": lambda: Scripted("yes", context_tokens=1500)}), rooms=rooms)) as here:
        told = Client(here.url).chat("which key is long?", memory=True)
        shown = [each["shown"] for each in told["nightschool"]["recalled"]]
        assert True in shown
        assert False in shown


def test_the_store_is_the_one_of_the_command_line() -> None:
    with open_store("default") as store:
        from nightschool.remember.keep import keep

        keep(store, Memory("kept on the command line", 0.0))
    assert Rooms().page("default", 0, 10)["memories"][0]["text"] == "kept on the command line"

"""`nightschool mcp`, asked by the client of the mcp package: in this process, and over stdin and stdout."""

from __future__ import annotations

import sys
from typing import Any

import anyio
import pytest

from nightschool.models.scripted import Scripted
from nightschool.surface.server.mcp.memories import Memories

mcp = pytest.importorskip("mcp", reason="pip install 'nightschool[mcp]'")
minds_of = pytest.importorskip("support.serving", reason="pip install 'nightschool[serve]'").minds_of

ANSWERS = {"": "3, 1, 2", "six": ["41", "42", "43"]}


def words() -> Memories:
    """Return this test's memories, recalled by words alone."""
    return Memories("default", None, lambda: None)


def ask(tool: str, **arguments: Any) -> Any:
    """Return what a tool says: its structured content, or its error as text."""
    from nightschool.surface.server.mcp.tools import server

    async def asked() -> Any:
        async with mcp.Client(server(minds_of({"m": lambda: Scripted(ANSWERS)}), words())) as client:
            result = await client.call_tool(tool, arguments)
            if result.is_error:
                return result.content[0].text
            return result.structured_content

    return anyio.run(asked)


def test_the_tools_are_these() -> None:
    from nightschool.surface.server.mcp.tools import server

    async def listed() -> list[str]:
        async with mcp.Client(server(minds_of({"m": lambda: Scripted(ANSWERS)}), words())) as client:
            tools = (await client.list_tools()).tools
            assert all(tool.description for tool in tools)
            return [tool.name for tool in tools]

    assert anyio.run(listed) == ["think", "exam", "tasks", "remember", "recall"]


def test_a_question_is_thought_about() -> None:
    told = ask("think", question="six times seven?", strategy="best_of=3", critic="contains:text=42")
    assert told["answer"] == "42"
    assert told["verdict"]["passed"] is True
    assert len(told["thoughts"]) == 3
    assert told["usage"]["sampled_tokens"] == 9
    assert ask("think", question="hello")["answer"] == "3, 1, 2"


def test_an_exam_is_sat() -> None:
    told = ask("exam", task="sorting:n=3,high=99", items=6, rungs="zero-shot:wordings=1")
    [row] = [row for row in told["rows"] if row["way"] == "zero-shot"]
    assert row["items"] + row["missing"] == 6
    assert 0 <= row["interval"][0] <= row["accuracy"] <= row["interval"][1] <= 1
    assert "sorting" in ask("tasks")["result"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("think", {"question": "?", "strategy": "best-of-n:n=3"}, "needs a verifier"),
        ("think", {"question": "?", "strategy": "vote:n=99999"}, "more than a request may ask for"),
        ("think", {"question": "?", "strategy": "vote", "critic": "command:command=id"}, "may not name"),
        ("think", {"question": "?", "mind": "n"}, "no model called 'n'"),
        ("think", {"question": ""}, "question"),
        ("exam", {"task": "sortin"}, "did you mean sorting"),
        ("exam", {"task": "file:/etc/passwd"}, "from the command line"),
        ("exam", {"task": "sorting", "items": 10_000}, "items"),
    ],
)
def test_what_makes_no_sense_is_said(tool: str, arguments: dict[str, Any], words: str) -> None:
    assert words in ask(tool, **arguments)


def test_what_is_remembered_is_recalled() -> None:
    kept = ask("remember", text="The bakery on Mill Street opens at six.", tags=["bakery"])
    assert kept["tags"] == ["bakery"]
    ask("remember", text="Rain fell in the hills.", mark=True)
    first, *_ = ask("recall", cue="when does the bakery open?")["result"]
    assert first["id"] == kept["id"]
    assert first["content"] == "The bakery on Mill Street opens at six."


def test_the_command_speaks_over_stdin_and_stdout() -> None:
    async def asked() -> Any:
        command = ["-m", "nightschool", "mcp", "--model", "scripted:answers=42"]
        async with mcp.Client(mcp.StdioServerParameters(command=sys.executable, args=command)) as client:
            return (await client.call_tool("think", {"question": "six times seven?"})).structured_content

    assert anyio.run(asked)["answer"] == "42"

"""Thinking, exams and memory as tools of the Model Context Protocol, for programs that choose tools by themselves.

What such a program asks for is checked as what a client of the server asks for: critics that run what they are given
have to be allowed by whoever starts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from nightschool.drive import Budget
from nightschool.drive.service import Over
from nightschool.errors import NightschoolError
from nightschool.items import Message, Prompt, Split
from nightschool.ports import Model
from nightschool.surface.server.engine import Failed
from nightschool.surface.server.keys import OWNER
from nightschool.surface.server.mcp.memories import Memories
from nightschool.surface.server.minds import Minds
from nightschool.surface.server.names import strategy_of
from nightschool.surface.server.refusal import refusal_of
from nightschool.surface.server.v1.ask import Limits, Wish, job_of
from nightschool.surface.server.v1.shapes import spent, thought_data
from nightschool.surface.server.wire import Extension

_MOST_ITEMS = 500
_MOST_THOUGHTS = 40


def server(minds: Minds, memories: Memories, *, limits: Limits | None = None) -> MCPServer[Any]:
    """Return the server of the tools over `minds`, whose engines start and stop with it, and `memories`."""
    limits = limits or Limits()
    first = next(iter(minds.engines))

    @asynccontextmanager
    async def life(_: MCPServer[Any]) -> AsyncIterator[None]:
        try:
            for engine in minds.engines.values():
                await engine.start()
            yield
        finally:
            for engine in minds.engines.values():
                await engine.stop()

    tools: MCPServer[Any] = MCPServer(
        "nightschool",
        instructions="think: answer a question by search over a language model, with a critic where there is one. "
        "exam: measure what a model can do on a task. tasks: list the tasks. "
        "remember, recall: what is to be known later.",
        lifespan=life,
        log_level="ERROR",  # a terminal that shows stderr is no place for every request
    )

    @tools.tool()
    async def think(
        question: Annotated[str, Field(min_length=1, description="what to answer")],
        strategy: Annotated[str, Field(description="single, best-of-n:n=8, vote:n=5, revise:rounds=3")] = "single",
        critic: Annotated[str | None, Field(description="who judges: regex:pattern=[0-9]+, numeric, all(C; C)")] = None,
        budget: Annotated[str | None, Field(description="what it may spend: 2000tok,30s")] = None,
        max_tokens: Annotated[int, Field(ge=1, le=100_000, description="longest answer")] = 256,
        mind: Annotated[str | None, Field(description="smollm2, or smollm2@night-NAME; none: the first served")] = None,
        system: Annotated[str | None, Field(description="a system prompt")] = None,
        seed: Annotated[int, Field(ge=0, description="names every draw")] = 0,
    ) -> dict[str, Any]:
        """Answer a question by search over a language model: propose, judge, choose. Returns answer and thoughts."""
        try:
            turns = (*([Message("system", system)] if system else []), Message("user", question))
            extension = Extension(
                strategy=strategy,
                critic=critic,
                step_critic=None,
                budget=budget,
                events=None,
                memory=None,
                session=None,
            )
            wish = Wish(
                prompt=Prompt(turns),
                text=question,
                n=1,
                max_tokens=max_tokens,
                temperature=0.0 if strategy_of(strategy) == "single" else 1.0,
                top_p=1.0,
                top_k=0,
                stop=(),
                seed=seed,
                extension=extension,
            )
            meant = await minds.meant(mind or first, extension, OWNER)
            ticket = meant.engine.ask(job_of(wish, meant, minds, OWNER, limits))
        except Exception as error:
            raise _told(error) from error
        try:
            event = await ticket.over()
        finally:
            ticket.cancel()  # where the asker went away; else it is over, and nothing happens
        if isinstance(event, Failed):
            raise _told(event.error) from event.error
        return _answer(event)

    @tools.tool()
    async def exam(
        task: Annotated[str, Field(description="as the tool `tasks` lists them: sorting, sorting:n=5,high=99")],
        items: Annotated[int, Field(ge=1, le=_MOST_ITEMS, description="how many held-out items")] = 24,
        rungs: Annotated[str, Field(description="ways to ask, separated by commas")] = "control,zero-shot,few-shot",
        budget: Annotated[str | None, Field(description="for all of it: 20000tok,5m")] = None,
        mind: Annotated[str | None, Field(description="which model; none: the first served")] = None,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> dict[str, Any]:
        """Measure what a model can do on held-out items of a task: accuracy with 95% intervals for each way to ask."""
        from nightschool.exam import open_rungs, sit
        from nightschool.surface.terminal.specs import specs
        from nightschool.worlds.open import open_world

        if task.startswith("file:"):
            raise ToolError("files are examined from the command line: nightschool exam file:PATH")
        try:
            world, ways = open_world(task), open_rungs(specs(rungs))
            held = world.items(Split.EXAM, items, seed)
            allowed = Budget.parse(budget) if budget else None
            meant = await minds.meant(mind or first, None, OWNER)

            def work(model: Model) -> Any:
                adapter = minds.weights(meant, model, OWNER)
                return sit(world, model, held, ways, seed=seed, adapter=adapter, budget=allowed)

            report = await meant.engine.call(work)
        except Exception as error:
            raise _told(error) from error
        rows = [
            {
                "way": row.name,
                "accuracy": row.accuracy,
                "interval": [row.low, row.high],
                "items": row.n,
                "missing": row.missing,
                "tokens": row.tokens,
                "unavailable": row.unavailable,
            }
            for row in report.rungs
        ]
        return {"task": report.task, "model": report.model, "rows": rows, "warnings": list(report.warnings)}

    @tools.tool()
    async def tasks() -> list[str]:
        """List the tasks that `exam` knows, by name; parameters follow a colon."""
        from nightschool import registry

        return [name for name in registry.names("worlds") if name != "file"]

    @tools.tool()
    async def remember(
        text: Annotated[str, Field(min_length=1, description="one thing that is to be known later")],
        tags: Annotated[list[str], Field(description="in place of keyphrases")] = [],  # noqa: B006
        mark: Annotated[bool, Field(description="it matters: let it fade slowly")] = False,
    ) -> dict[str, Any]:
        """Keep a text for good. A newer statement about the same supersedes the older, which stays."""
        try:
            return await asyncio.to_thread(memories.remember, text, tags, mark)
        except NightschoolError as error:
            raise _told(error) from error

    @tools.tool()
    async def recall(
        cue: Annotated[str, Field(min_length=1, description="what to be reminded of")],
        limit: Annotated[int, Field(ge=1, le=50)] = 5,
    ) -> list[dict[str, Any]]:
        """Find what was kept: by words, meaning, tags, times that the cue names, and links; best first."""
        try:
            return await asyncio.to_thread(memories.recall, cue, limit)
        except NightschoolError as error:
            raise _told(error) from error

    return tools


def _answer(event: Over) -> dict[str, Any]:
    trace = event.trace
    best = trace.best
    thoughts = [thought_data(thought) for thought in trace.thoughts]
    told: dict[str, Any] = {
        "answer": best.answer if best is not None else None,
        "verdict": thought_data(best)["verdict"] if best is not None else None,
        "stopped": trace.stopped,
        "strategy": trace.strategy,
        "thoughts": thoughts[:_MOST_THOUGHTS],
        "usage": spent(trace.usage),
        "errors": list(trace.errors),
    }
    if len(thoughts) > _MOST_THOUGHTS:
        told["thoughts_left_out"] = len(thoughts) - _MOST_THOUGHTS
    return told


def _told(error: Exception) -> ToolError:
    if isinstance(error, NightschoolError):
        return ToolError(str(error))
    return ToolError(refusal_of(error).message)

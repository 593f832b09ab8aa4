"""A conversation with memory: what is said is kept, and what was kept before is recalled when it matters."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightschool.items import Message, Prompt
from nightschool.ports import Model
from nightschool.remember.context import quoted
from nightschool.remember.memory import Memory
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.rooms import Called, Rooms

_RECALLED = 8
_SHARE = 1 / 3  # of the room that a conversation leaves, for what is recalled


@dataclass(frozen=True, slots=True)
class Perceived:
    """A message that was heard and is kept. called: what it calls up; session, turn: its place among memories."""

    space: str
    called: Called
    session: str
    turn: int

    async def answered(self, rooms: Rooms, text: str) -> None:
        """Keep the answer, and strengthen what helped with it."""
        await asyncio.to_thread(rooms.said, self.space, self.called, text, self.session, self.turn + 1)

    def told(self, prompt: Prompt) -> list[dict[str, Any]]:
        """Return what was recalled, as a client is told; shown: whether there was room for it in `prompt`."""
        text = str(prompt)
        return [
            {
                "id": each.memory.id, "text": each.memory.text, "score": each.score,
                "shown": _lines((each.memory,)) in text,
            }
            for each in self.called.found
        ]  # fmt: skip


async def perceive(rooms: Rooms, space: str, text: str, session: str | None, turn: int) -> Perceived:
    """Return what a message calls up, once the message itself is kept. Raises BadMemory, StoreError."""
    if not text.strip():
        raise Refusal(400, "memory needs a message of the user", code="invalid_request", param="messages")
    named = session or secrets.token_hex(6)
    called = await asyncio.to_thread(rooms.call_up, space, text, _RECALLED, named)
    await asyncio.to_thread(rooms.heard, space, text, named, turn)
    return Perceived(space, called, named, turn)


def with_memories(model: Model, prompt: Prompt, recalled: Sequence[Memory], room: int) -> Prompt:
    """Return the conversation with what was recalled quoted in the user's last turn, best first, as far as it fits.

    room: tokens that the conversation and its answer leave.
    """
    last = max((at for at, turn in enumerate(prompt.messages) if turn.role == "user"), default=None)
    if last is None:
        return prompt
    shown: list[Memory] = []
    for memory in recalled:
        if model.count_tokens(quoted([*shown, memory], "")) <= room * _SHARE:
            shown.append(memory)
    turns = list(prompt.messages)
    turns[last] = Message("user", quoted(shown, turns[last].content))
    return replace(prompt, messages=tuple(turns))


def _lines(memories: Sequence[Memory]) -> str:
    return "\n".join(f"> {line}" for memory in memories for line in memory.text.splitlines())

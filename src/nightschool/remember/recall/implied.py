"""What memories imply for a question, written by a model from them: a goal for the search that answers it.

Pure: this says what to ask a model and where its answer goes; whoever has the model asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.items import Message, Prompt
from nightschool.remember.context import quoted
from nightschool.remember.memory import Memory

LONGEST = 48
"""tokens of what is implied: a sentence or two"""
_ASKED = "Say in one short sentence what the notes tell about this, and nothing else: "
_GOAL = "What the notes come to, quoted; it may be wrong:"


def asked(memories: Sequence[Memory], cue: str) -> Prompt:
    """Return what a model is asked, to write what `memories` imply for `cue`. The memories are quoted."""
    return Prompt((Message("user", quoted(memories, _ASKED + cue)),))


def with_goal(prompt: Prompt, implied: str) -> Prompt:
    """Return `prompt` with what is implied quoted in front of its last turn; as it is where nothing is implied.

    It is data like the memories that it was written from, and never reaches the instructions.
    """
    lines = [f"> {line}" for line in implied.strip().splitlines()]
    if not lines:
        return prompt
    *before, last = prompt.messages
    return Prompt((*before, Message(last.role, "\n".join([_GOAL, *lines, "", last.content]))))

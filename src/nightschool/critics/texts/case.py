"""A question with an answer to it, as a text that a model reads before it judges."""

from __future__ import annotations

from nightschool.items import Item, Prefix, Prompt

LONGEST = 6000
"""Characters of an answer that are shown; of a longer one the beginning and the end, and a note between them."""


def case_text(item: Item, answer: str) -> str:
    """Return the question and the answer, each under its heading."""
    if len(item.inputs) == 1:
        asked = next(iter(item.inputs.values()))
    else:
        asked = "\n".join(f"{name}: {value}" for name, value in item.inputs.items())
    shown = answer
    if len(answer) > LONGEST:
        left_out = len(answer) - LONGEST
        shown = f"{answer[: LONGEST // 2]}\n[{left_out} characters left out]\n{answer[-LONGEST // 2 :]}"
    text = f"Question:\n{asked.strip()}\n\nAnswer:\n{shown.strip()}\n"
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text to a tokenizer


def case_prefix(item: Item, answer: str, behind: str = "") -> Prefix:
    """Return the case as a document, with `behind` after it, for a model to read or to go on with."""
    return Prefix(Prompt(text=case_text(item, answer) + behind))

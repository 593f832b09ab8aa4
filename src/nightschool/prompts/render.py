"""From a wording, worked examples and an item to the prompt that a model continues.

A chat: `system`, then for every example a `user` turn and an `assistant` turn, then the item's `user` turn. A document:
`system` as its head, the examples and the item as blocks of the same form, apart by `separator`. What all items have
in common comes first, so that an engine keeps one copy of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.errors import Leak
from nightschool.items import Item, Message, Prompt, Split, Wording
from nightschool.prompts.fill import fill

_ANSWER = "{target}"


def render(wording: Wording, item: Item, examples: Sequence[Item] = ()) -> Prompt:
    """Return the prompt that poses `item` in `wording`, after `examples` worked out in the same wording.

    An example's answer is `wording.example` with `{target}` filled in (the target alone where that is empty), behind
    the wording's prefill. The prompt's `keys` name the examples.

    Raises Leak for an example that is no practice item, has no truth, or could give away `item`; UnknownName for a
    field that the item lacks.
    """
    for example in examples:
        _refuse_leak(example, item)
    keys = frozenset(example.key for example in examples)
    if wording.document:
        return Prompt(text=_document(wording, item, examples), prefill=wording.prefill, keys=keys)
    return Prompt(messages=_messages(wording, item, examples), prefill=wording.prefill, keys=keys)


def answer_of(wording: Wording, example: Item) -> str:
    """Return what stands behind the prefill of a worked example."""
    return fill(wording.example or _ANSWER, {**example.inputs, "target": example.target or ""})


def _messages(wording: Wording, item: Item, examples: Sequence[Item]) -> tuple[Message, ...]:
    turns = [Message("system", fill(wording.system, item.inputs))] if wording.system else []
    for example in examples:
        turns.append(Message("user", fill(wording.user, example.inputs)))
        turns.append(Message("assistant", wording.prefill + answer_of(wording, example)))
    turns.append(Message("user", fill(wording.user, item.inputs)))
    return tuple(turns)


def _document(wording: Wording, item: Item, examples: Sequence[Item]) -> str:
    head = [fill(wording.system, item.inputs)] if wording.system else []
    worked = [fill(wording.document, e.inputs) + wording.prefill + answer_of(wording, e) for e in examples]
    return wording.separator.join([*head, *worked, fill(wording.document, item.inputs)])


def _refuse_leak(example: Item, item: Item) -> None:
    if example.split is not Split.PRACTICE:
        raise Leak(f"item {example.id!r} is an item of {example.split}; worked examples are practice items only")
    if example.target is None:
        raise Leak(f"item {example.id!r} has no truth to show as a worked example")
    if example.key == item.key:
        raise Leak(f"item {example.id!r} as a worked example would give away {item.id!r}; choose other examples")

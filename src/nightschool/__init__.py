"""A language model inside a larger machine that thinks, sleeps and sits exams.

What a program needs is here by name; importing this package imports nothing else until a name is used.

    import nightschool as ns

    ns.think("six times seven?", strategy="vote:n=5").best.answer
    ns.exam("sorting", ns.load("hf:ORG/NAME"), items=50)

`think` and `exam` are rooms as well: `ns.think` is the package `nightschool.think`, which can be called.
"""

from __future__ import annotations

import os as _os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# A waiting OpenMP thread that spins starves the other processes of the machine: beside busy ones it made decoding three
# to five times dearer in CPU time. OpenMP reads this once, when torch is imported, wherever that is first done.
_os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A product in bfloat16 is compiled for its very number of rows, half a megabyte each, and two caches keep 1,024 each
# of these: a server with batches of every size grew for hours. A pass has some dozens. Read at the first product.
_os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
_os.environ.setdefault("LRU_CACHE_CAPACITY", "128")

if TYPE_CHECKING:
    from nightschool.drive import Budget, Drive, Job
    from nightschool.errors import NightschoolError
    from nightschool.exam import ExamReport, open_rungs
    from nightschool.exam.sit import sit
    from nightschool.items import (
        Adapter,
        Item,
        Lesson,
        Message,
        Noise,
        Prompt,
        Sampling,
        Score,
        Split,
        Task,
        Thought,
        Trace,
        Verdict,
        Wording,
    )
    from nightschool.mind import Mind, read_mind, write_mind
    from nightschool.models.resolve import open_model
    from nightschool.ports import Critic, Model, World
    from nightschool.registry import make
    from nightschool.surface.python import critic, exam, load, think
    from nightschool.worlds.open import open_world

__all__ = [
    "Adapter",
    "Budget",
    "Critic",
    "Drive",
    "ExamReport",
    "Item",
    "Job",
    "Lesson",
    "Message",
    "Mind",
    "Model",
    "NightschoolError",
    "Noise",
    "Prompt",
    "Sampling",
    "Score",
    "Split",
    "Task",
    "Thought",
    "Trace",
    "Verdict",
    "Wording",
    "World",
    "critic",
    "exam",
    "load",
    "make",
    "open_model",
    "open_rungs",
    "open_world",
    "read_mind",
    "sit",
    "think",
    "write_mind",
]

_FROM = {
    "drive": "Budget Drive Job",
    "errors": "NightschoolError",
    "exam": "ExamReport open_rungs sit",
    "items": "Adapter Item Lesson Message Noise Prompt Sampling Score Split Task Thought Trace Verdict Wording",
    "mind": "Mind read_mind write_mind",
    "models.resolve": "open_model",
    "ports": "Critic Model World",
    "registry": "make",
    "surface.python": "critic load",
    "worlds.open": "open_world",
}
_WHERE = {name: module for module, names in _FROM.items() for name in names.split()}
_ROOMS = ("exam", "think")


def __getattr__(name: str) -> Any:
    """Return a public name, importing its module when it is first used."""
    if name in _ROOMS:
        return import_module(f"nightschool.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'nightschool' has no attribute {name!r}")
    value = getattr(import_module(f"nightschool.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

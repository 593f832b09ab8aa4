"""Every error that nightschool raises on purpose.

A message says what happened, the values seen, and what to type next. Leaves also inherit the builtin that a caller
would catch. The command line catches `NightschoolError` alone and turns it into one line: exit 2 for a `UsageError`,
1 otherwise.

    NightschoolError
    ├── UsageError (ValueError)             what was asked for makes no sense; nothing was run
    │   ├── UnknownName (LookupError)       no plugin, task, field or file of that name; near misses are named
    │   ├── BadSpec                         a specification such as `sorting:n=4` that cannot be read
    │   ├── BadBudget                       a budget that is zero, negative or of an unknown unit
    │   ├── BadItems                        a task file with broken lines; every broken line is named
    │   ├── BadFile                         a mind, configuration or report folder that cannot be used
    │   └── BadMemory                       something that cannot be remembered: empty, too long, not text
    ├── Unsupported (NotImplementedError)   this model cannot do that; the message names which kinds can
    ├── MissingDependency (ImportError)     an extra or a system package is absent; the message has the install line
    ├── ModelError (RuntimeError)
    │   ├── ModelNotFound (FileNotFoundError)
    │   ├── ModelDamaged                    a weights file that is cut short or of another architecture
    │   ├── PromptTooLong (ValueError)      prompt and context lengths are both given; nothing is ever cut
    │   ├── NotANumber (ArithmeticError)    the model's logits were NaN
    │   └── EndpointError (ConnectionError) a server that failed or did not answer: missing, never wrong
    ├── Leak (ValueError)                   an exam or tune item was about to reach a lesson or a worked example
    ├── NightError (RuntimeError)           a night that cannot be found, resumed or switched to
    ├── StoreError (RuntimeError)           a memory store that cannot be opened, read or written
    └── StopRequested                       the user pressed Ctrl-C; what is done so far was kept
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class NightschoolError(Exception):
    """The root: catch this to catch all that nightschool raises on purpose."""


class UsageError(NightschoolError, ValueError):
    """What was asked for makes no sense, said before anything ran."""


class UnknownName(UsageError, LookupError):
    """There is no `kind` called `name`."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        near = difflib.get_close_matches(name, self.known, n=3, cutoff=0.5)
        if near:
            advice = f"did you mean {' or '.join(near)}?"
        elif self.known:
            advice = f"there are: {', '.join(self.known)}"
        else:
            advice = "" if hint else "there is none"
        said = f"no {kind} called {name!r}" + (f"; {advice}" if advice else "")
        super().__init__(said + (f" ({hint})" if hint else ""))


class BadSpec(UsageError):
    """A specification that cannot be read, or a parameter that its plugin does not take."""


class BadBudget(UsageError):
    """A budget that is zero, negative, or of an unknown unit."""


class BadItems(UsageError):
    """A task file with broken lines. `problems` has one sentence for each, with file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        shown = list(self.problems[:10])
        if len(self.problems) > len(shown):
            shown.append(f"... and {len(self.problems) - len(shown)} more")
        super().__init__("\n".join(shown))


class BadFile(UsageError):
    """A file or folder that was named and cannot be used as what it was named for."""


class BadMemory(UsageError):
    """Something that cannot be remembered: empty, too long, or not text. Nothing was stored."""


class Unsupported(NightschoolError, NotImplementedError):
    """This model cannot do what was asked; the message names which kinds can."""


class MissingDependency(NightschoolError, ImportError):
    """An extra or a system package is absent; the message has the line that installs it."""


class ModelError(NightschoolError, RuntimeError):
    """A model that cannot be found, read, or trusted."""


class ModelNotFound(ModelError, FileNotFoundError):
    """No weights for that name could be had; the message says where they were looked for."""

    def __str__(self) -> str:  # FileNotFoundError would print errno slots that are not there
        return str(self.args[0]) if self.args else ""


class ModelDamaged(ModelError):
    """A weights file that is cut short, fails its hash, or is of an architecture that cannot be run."""


class PromptTooLong(ModelError, ValueError):
    """A prompt and its answer do not fit the context; nothing is ever cut silently."""


class NotANumber(ModelError, ArithmeticError):
    """The model's logits were NaN: an error, never a sample."""


class EndpointError(ModelError, ConnectionError):
    """A server that failed or did not answer. The answers are missing, never wrong."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class Leak(NightschoolError, ValueError):
    """An exam or tune item was about to reach a lesson or a worked example."""


class NightError(NightschoolError, RuntimeError):
    """A night that cannot be found, resumed or switched to."""


class StoreError(NightschoolError, RuntimeError):
    """A memory store that cannot be opened, read or written. What was acknowledged before is still in it."""


class StopRequested(NightschoolError):
    """The user pressed Ctrl-C; what was done so far was kept."""

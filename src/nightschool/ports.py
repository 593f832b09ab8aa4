"""The contracts of nightschool's parts, as Protocols. Whoever keeps one can take the place of a built-in.

Register an implementation as an entry point (see `registry`): a stranger's plugin and a built-in are found alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from nightschool.asks import Ask, CriticRole, ModelAsk, ModelReply, Progress, Reply
from nightschool.items import (
    Adapter,
    Item,
    Noise,
    Prompt,
    Split,
    Task,
    Thought,
    Verdict,
    Wording,
)


class Ability(StrEnum):
    """What a model may be asked for. Asking for more raises Unsupported, which names the kinds that can."""

    CHAT = "chat"  # prompts of messages
    DOCUMENT = "document"  # prompts of plain text
    SAMPLE = "sample"
    LOGPS = "logps"  # log-probabilities of what it samples
    WEIGH = "weigh"  # log-probabilities of given text
    NEXT = "next"  # the likeliest next tokens, as text: of who weighs no conversation
    HIDDEN = "hidden"
    SCHEMA = "schema"  # draws that keep a JSON schema
    ADAPTERS = "adapters"
    TRAIN = "train"


@runtime_checkable
class Model(Protocol):
    """Anything that proposes and weighs text. A model is stepped, not called.

    Continuous batching, budgets exact to one decode step, streaming, critics that overlap with decoding and clients
    that go away all rest on submit, step and cancel. A model is used from one thread.
    """

    name: str  # as the user wrote it: `smollm2`
    identity: str  # content hash of weights, tokenizer and template: part of every cache key

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return what the model can do; a served one may have to be asked first. Raises EndpointError."""

    @property
    def context_tokens(self) -> int:
        """Return the longest prompt and answer together."""

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in. Ids must be unlike any in flight. Raises Unsupported and PromptTooLong, taking none in."""

    def step(self) -> Progress:
        """Do the least useful work (for a local model one decode step of all that is in flight) and tell of it.

        With nothing in flight it returns an empty Progress. Order in the batch never changes a draw.
        """

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks now; each still gets one reply, with the draws so far marked `cancelled`."""

    def load_adapter(self, adapter: Adapter) -> None:
        """Make `adapter` available to asks by its name. Raises Unsupported."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` is, without special tokens (an estimate where the tokenizer is remote)."""

    def close(self) -> None:
        """Give memory and connections back."""


class Requests(NamedTuple):
    """What an ask comes to beside what it asks for. prompts: how often its whole prompt is read, and billed; sampled:
    tokens sampled beside.
    """

    prompts: int = 1
    sampled: int = 0


@runtime_checkable
class Requesting(Protocol):
    """A model that makes several requests of one ask. Budgets set aside what all of them come to; of a model that does
    not say, the prompt is counted once for each ask.
    """

    def requests(self, ask: ModelAsk) -> Requests:
        """Return what the requests for `ask` come to."""


class Sight(StrEnum):
    """What a critic sees. Only a verifier may guide search, practice and use."""

    VERIFIER = "verifier"  # the input
    REFERENCE = "reference"  # the target: for the exam alone


@runtime_checkable
class Critic(Protocol):
    """Anything that judges an answer. A verifier is handed `item.blind()`.

    May raise: whoever calls it (`drive`) turns that into an error verdict, counted and shown.
    """

    name: str
    sight: Sight

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict on `answer`, with feedback in words where there is something to say."""


@runtime_checkable
class Consulting(Critic, Protocol):
    """A critic that asks the model before it judges. `drive` puts what it asks into the same batches and budgets.

    Outside a search it has no model, and `judge` raises. needs: what the model must be able to do; identity: of the
    model that it was made with, or nothing for any.
    """

    needs: Ability
    identity: str

    def consult(self, item: Item, answer: str) -> ModelAsk:
        """Return what it asks; the caller names the ask."""

    def conclude(self, item: Item, answer: str, reply: ModelReply) -> Verdict:
        """Return the verdict that `reply`, which is no refusal, leads to."""


@runtime_checkable
class World(Protocol):
    """A source of items with critics, ways to pose them, and, where they exist, levels and an expert."""

    spec: str  # as the user would write it, parameters in canonical order: `sorting:n=4,low=10,high=99`
    wordings: Sequence[Wording]  # the first is the default; styles `words`, `code` and `control`
    verifier: Critic | None
    reference: Critic
    step_critic: Critic | None  # judges an unfinished answer: could it still become right?
    expert: Expert | None
    max_answer_tokens: int

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return items of `split`, at most `limit`; a shorter list is a prefix of a longer one of the same seed."""

    def pose(self, item: Item, wording: Wording, examples: Sequence[Item] = ()) -> Prompt:
        """Return the prompt for `item`. examples: practice items shown with their truth; any other raises Leak."""

    def levels(self) -> Sequence[World]:
        """Return easier worlds first, ending with this one; only itself where no order of difficulty is known."""

    def babble(self, item: Item, noise: Noise) -> str | None:
        """Return a random answer of the right form (the control of practice), or None where none can be made."""


class Expert(Protocol):
    """One who can do the task. Asked only when the user names it (`--teacher expert`)."""

    def demonstrate(self, item: Item) -> str:
        """Return a right answer to `item`, as the wording's examples would write it."""


@runtime_checkable
class Stepwise(Expert, Protocol):
    """An expert of what is done step by step, the right step at a place being the same whatever was written before it,
    so that one can go on from any beginning (`--teacher guided`, `--teacher taught`).
    """

    between: str  # what stands between two steps of an answer, such as `, `


S = TypeVar("S")


class Search(Protocol[S]):
    """A way to think, pure: it asks and is told, and does no I/O. Anytime: `best` may be called after any `tell`."""

    @property
    def spec(self) -> str:
        """Return the search as a user would write it, in canonical form: `best-of-n:n=16`."""

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the roles of the critics without which it cannot run."""

    def start(self, task: Task, noise: Noise) -> S:
        """Return the state before anything was asked."""

    def ask(self, state: S) -> Sequence[Ask]:
        """Return all that the search wants to know now; an ask still in flight is listed again. Empty: finished."""

    def tell(self, state: S, replies: Sequence[Reply]) -> S:
        """Return the state with `replies` (to any of the asks, in any order) taken in."""

    def best(self, state: S) -> Thought | None:
        """Return the best answer so far."""

    def thoughts(self, state: S) -> Sequence[Thought]:
        """Return every candidate so far, in the order they came, `id` being the index."""


class Sandbox(Protocol):
    """Runs untrusted code where it can harm nothing."""

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        """Run `argv` in a fresh folder holding `files`, and return what came of it. Raises MissingDependency."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a bounded run.

    status: exit code, negative for a signal; stdout, stderr: the beginning, where there was too much; seconds: wall
    time; ended_by: itself, a signal, or the limit that it overstepped.
    """

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    ended_by: Literal["exit", "signal", "timeout", "output", "memory"]


class Watcher(Protocol):
    """Is told how long work goes on: the progress bars of the terminal, or nothing."""

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """A new stage begins; total: how much of `unit` it will take, where known."""

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """`amount` more is done; facts: what to show beside the bar (loss, solved, tokens per second)."""

    def say(self, text: str) -> None:
        """A line for the reader, kept after the bars are gone."""

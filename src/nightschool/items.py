"""The words of nightschool as frozen data: no tensors, no I/O, no behaviour beyond what the words mean.

    Item -> Prompt -> Prefix -> Draw -> Thought -> Verdict -> Trace -> Lesson -> Adapter -> Night -> Score

What is asked of a model or a critic, and what it replies, is in `asks`; who asks and who replies, in `ports`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from nightschool.errors import Leak


def digest(*words: object) -> str:
    """Return 64 hexadecimal digits (SHA-256) that name `words` by content, the same on every machine.

    words: anything JSON can write; mappings are sorted by key, so that order of insertion does not matter.
    """
    text = json.dumps(words, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot digest a {type(value).__name__}")


class Split(StrEnum):
    """What an item is for, for ever."""

    PRACTICE = "practice"
    """searched, taught, shown as worked examples"""
    TUNE = "tune"
    """chooses wordings, strategies and recommendations"""
    EXAM = "exam"
    """only ever reported"""


def split_of(key: str) -> Split:
    """Return the split of every item whose leak key is `key`: half practice, a fifth tune, the rest exam.

    The split depends on the key alone: no seed, no order and no number of items can move an item.
    """
    named = b"nightschool split\0" + key.encode("utf-8", "surrogatepass")
    slot = int.from_bytes(hashlib.sha256(named).digest()[:8]) % 10
    if slot < 5:
        return Split.PRACTICE
    return Split.TUNE if slot < 7 else Split.EXAM


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a world.

    id: names the item within its world; inputs: what a prompt may show, by name; target: the truth, where known;
    key: equals that of every item that it could leak to (for sorting: the multiset of numbers);
    choices: the admissible answers, where they are few.
    """

    id: str
    inputs: Mapping[str, str]
    target: str | None
    key: str
    choices: tuple[str, ...] = ()

    @property
    def split(self) -> Split:
        """Return what this item is for, for ever."""
        return split_of(self.key)

    def blind(self) -> Item:
        """Return the item without its truth: all that a verifier gets to see."""
        return replace(self, target=None)


@dataclass(frozen=True, slots=True)
class Noise:
    """A name for randomness: the same words give the same draws, whatever else is in the batch.

    words: by custom (seed, item, purpose, draw); a model adds the position of the token.
    """

    words: tuple[str | int, ...]

    def child(self, *words: str | int) -> Noise:
        """Return the noise named by these words and then `words`."""
        return Noise(self.words + words)

    def key(self) -> int:
        """Return 64 bits that name this noise."""
        return int(digest(*self.words)[:16], 16)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; role: `system`, `user` or `assistant`."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model continues: a conversation (its chat template is applied by the model) or, with `text`, a document.

    prefill: the beginning of the answer, put into the model's mouth; keys: leak keys of the items whose truth is
    shown (worked examples), so that reports can disclose them and lessons can refuse them; tokens: the document as ids,
    where it was given so: local models take them as they are, `text` being what they decode to.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    prefill: str = ""
    keys: frozenset[str] = frozenset()
    tokens: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (not self.messages):
            raise ValueError("a Prompt is either messages or text, not both and not neither")
        if self.tokens is not None and self.text is None:
            raise ValueError("tokens are those of a document: give its text too")

    def __str__(self) -> str:
        if self.text is not None:
            return self.text + self.prefill
        return "\n".join(f"{m.role}: {m.content}" for m in self.messages) + f"\nassistant: {self.prefill}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text appended to a prefix: what a model wrote (with its token ids) or what a search inserted.

    tokens: ids as the model sampled them, so that they are never tokenised again; logps[len(tokens)]: natural
    log-probabilities at temperature 1, where the model tells.
    """

    text: str
    tokens: tuple[int, ...] | None = None
    logps: tuple[float, ...] | None = None

    @property
    def logp(self) -> float | None:
        """Return the log-probability of the whole segment in nats, where known."""
        return None if self.logps is None else float(sum(self.logps))


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prompt and what has been written after it. Append-only: nothing in front is ever tokenised again."""

    prompt: Prompt
    segments: tuple[Segment, ...] = ()

    def append(self, segment: Segment) -> Prefix:
        """Return this prefix with `segment` behind it."""
        return Prefix(self.prompt, (*self.segments, segment))

    @property
    def text(self) -> str:
        """Return what was written after the prompt and its prefill."""
        return "".join(s.text for s in self.segments)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample. temperature 0 is greedy; top_p in (0, 1]; top_k 0 is off; stop: strings that end a draw.

    A stop string ends the draw and is not part of its text. json_schema: a JSON schema that a draw must keep, as text,
    for models that can; what was cut off by `max_tokens` is the beginning of a value.
    """

    max_tokens: int = 64
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    stop: tuple[str, ...] = ()
    json_schema: str | None = None

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.temperature < 0 or not 0 < self.top_p <= 1 or self.top_k < 0:
            raise ValueError(f"not a way to sample: {self}")


Finish = Literal["end", "stop", "length", "cancelled", "error"]


Sampled = tuple[tuple[int, float], ...]
"""Token ids in the order they were sampled, each with its log-probability at temperature 1 in nats."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One sample. finish: the model ended it, a stop string, `max_tokens`, a cancellation, or an error (see `error`).

    stopped_by: which stop string ended it, where the model tells; searches that go step by step need it.
    ended_by: what was sampled behind the tokens of `segment` and is no part of it, where the model tells: an end token,
    those of a stop string.
    """

    segment: Segment
    finish: Finish
    error: str | None = None
    stopped_by: str | None = None
    ended_by: Sampled = ()

    @property
    def sampled(self) -> Sampled | None:
        """Return all that was sampled; None where the draw was broken off or the model does not tell it all."""
        tokens, logps = self.segment.tokens, self.segment.logps
        told = bool(self.ended_by) if self.finish in ("end", "stop") else self.finish == "length"
        if tokens is None or logps is None or not told:
            return None
        return (*zip(tokens, logps, strict=True), *self.ended_by)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement. score: in [0, 1]; passed: good enough; feedback: in words; error: the critic itself failed.

    An error verdict has score 0 and passed False, and is counted and shown as an error, never as a wrong answer.
    """

    score: float
    passed: bool
    feedback: str = ""
    error: str | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:  # NaN fails too
            raise ValueError(f"a score is in [0, 1], not {self.score}")

    @classmethod
    def of(cls, passed: bool, feedback: str = "") -> Verdict:
        """Return a verdict that is all or nothing."""
        return cls(1.0 if passed else 0.0, passed, feedback)

    @classmethod
    def failed(cls, error: str) -> Verdict:
        """Return the verdict of a critic that itself failed."""
        return cls(0.0, False, error=error)


@dataclass(frozen=True, slots=True)
class Thought:
    """A candidate with its place in the search.

    id, parent: position in the search's tree; prefix: the whole text so far; answer: what a critic is shown;
    logp: nats, where known; logw: log-weight for weighted samplers; value: anything a search attaches.
    """

    id: int
    parent: int | None
    prefix: Prefix
    answer: str
    finish: Finish = "end"
    logp: float | None = None
    logw: float = 0.0
    verdict: Verdict | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was spent. Counted here, never believed from a server's round number alone.

    prompt_tokens: once per ask; sampled_tokens, weighed_tokens; calls: asks sent to a model; judgements: asks of a
    critic; seconds: wall time, shared out among what ran together.
    """

    prompt_tokens: int = 0
    sampled_tokens: int = 0
    weighed_tokens: int = 0
    calls: int = 0
    judgements: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(a + b for a, b in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def __sub__(self, other: Usage) -> Usage:
        return Usage(*(a - b for a, b in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def as_tuple(self) -> tuple[Any, ...]:
        """Return the counts in the order of the fields."""
        return (
            self.prompt_tokens, self.sampled_tokens, self.weighed_tokens, self.calls, self.judgements, self.seconds,
        )  # fmt: skip

    @property
    def tokens(self) -> int:
        """Return the tokens that a token budget counts: sampled and weighed, not prompts."""
        return self.sampled_tokens + self.weighed_tokens


@dataclass(frozen=True, slots=True)
class Task:
    """One question as it is put to a search: the item, the prompt that poses it, how to sample, which weights."""

    item: Item
    prompt: Prompt
    sampling: Sampling = field(default_factory=Sampling)
    adapter: str | None = None


Stopped = Literal["done", "budget", "cancelled", "error"]


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that one attempt did; with the same seed and model it can be replayed.

    strategy: the search's specification; thoughts: in the order they came; best: the answer at the end, if any;
    errors: what went wrong on the way (critics that failed, draws that failed), in words; notes: what there is to say
    of how it ran that changed nothing, as other runs of it may have other such news.
    """

    task: Task
    strategy: str
    noise: Noise
    thoughts: tuple[Thought, ...]
    best: Thought | None
    usage: Usage
    stopped: Stopped
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)


Source = Literal["practice", "expert", "rehearsal", "memory"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training example: `answer` is learned after `prompt`, with `weight` in the loss.

    keys: leak keys of every item that contributed. Making a lesson out of anything but practice items raises Leak.
    memories: ids of the memories that it is made of, which no item contributed to; forgetting them forgets it.
    ended: whether the answer ended by itself; then its end is learned too. False for text that was cut off.
    """

    prompt: Prompt
    answer: str
    source: Source
    keys: frozenset[str] = frozenset()
    weight: float = 1.0
    ended: bool = True
    memories: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.source == "memory" and not self.memories:
            raise Leak("a lesson from memory must name the memories that it was made of")
        if self.source not in ("rehearsal", "memory") and not self.keys:
            raise Leak(f"a lesson from {self.source} must name the items that it was made of")
        for key in self.keys | self.prompt.keys:
            if split_of(key) is not Split.PRACTICE:
                raise Leak(f"a lesson may be made of practice items only, and {key!r} is an item of {split_of(key)}")

    @property
    def id(self) -> str:
        """Return the content hash that names this lesson."""
        return digest(str(self.prompt), self.answer, self.source, self.weight, self.ended)[:16]


@dataclass(frozen=True, slots=True)
class Adapter:
    """Trained weights on disk. name: content hash; base: identity of the model they belong to; path: peft folder."""

    name: str
    base: str
    path: str


@dataclass(frozen=True, slots=True)
class Score:
    """A measured number with its 95% confidence interval and its n."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to pose a task.

    style: `words`, `code`, `control` (no task information) or `few-shot`; template: `user` (and `system`) texts with
    `{name}` for an item's inputs, or a document; example: how one worked example is written; stop: strings that end
    an answer. Kept as data files under `prompts/`.
    """

    name: str
    style: Literal["words", "code", "control"]
    user: str = ""
    system: str = ""
    document: str = ""
    example: str = ""
    separator: str = "\n\n"
    prefill: str = ""
    stop: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return the content hash that names this wording in minds and cache keys."""
        return digest(
            self.name, self.style, self.user, self.system, self.document,
            self.example, self.separator, self.prefill, list(self.stop),
        )[:16]  # fmt: skip

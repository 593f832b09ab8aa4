"""From what a client sent to a job for the engine: the same for conversations and for plain text."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from nightschool.drive import Budget, Job
from nightschool.errors import NightschoolError, PromptTooLong, UsageError
from nightschool.items import Item, Noise, Prefix, Prompt, Sampling, Segment, Task, digest
from nightschool.ports import Model
from nightschool.remember.memory import Memory
from nightschool.surface.server.minds import Meant, Minds
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.v1.perceiving import with_memories
from nightschool.surface.server.v1.searches import Draws, Texts
from nightschool.surface.server.wire import Extension

_SLACK = 16  # tokens that a chat template writes around a message, at most, where the model does not tell


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take. request_tokens: sampled in all its draws; seconds: from when it is let in."""

    request_tokens: int = 65_536
    seconds: float = 600.0
    default_tokens: int = 512


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted, whatever the form. text: the question alone, for critics; max_tokens: None for the default.

    tops: so many likely tokens are told beside each that was drawn, None for what a draw says of itself; ended: what
    ended a draw is told too; echo: the prompt is weighed; recalled: quoted in the last turn, as far as it fits.
    """

    prompt: Prompt
    text: str
    n: int
    max_tokens: int | None
    temperature: float | None
    top_p: float
    top_k: int
    stop: tuple[str, ...]
    seed: int | None
    schema: str | None = None
    extension: Extension | None = None
    tops: int | None = None
    ended: bool = False
    echo: bool = False
    recalled: tuple[Memory, ...] = ()


def job_of(wish: Wish, meant: Meant, minds: Minds, space: str, limits: Limits) -> Callable[[Model], Job]:
    """Return what prepares the job for the engine. Raises Refusal, UsageError, UnknownName for what cannot be."""
    budget = _budget(wish, limits)
    if meant.file is not None:
        return _job_of_file(wish, meant, minds, space, budget)
    how = minds.search(meant)
    if how is not None and wish.n > 1:
        raise Refusal(400, "a mind that thinks gives one answer; ask for n=1", code="unsupported", param="n")
    most = wish.max_tokens
    if how is None and most is not None and wish.n * most > limits.request_tokens:
        raise Refusal(
            400,
            f"{wish.n} answers of {most} tokens are {wish.n * most}, and a request may take {limits.request_tokens}",
            code="too_many_tokens",
            param="max_tokens",
        )
    seed = secrets.randbits(63) if wish.seed is None else wish.seed
    key = digest(str(wish.prompt))
    temperature = 1.0 if wish.temperature is None else wish.temperature

    def make(model: Model) -> Job:
        adapter = minds.weights(meant, model, space)
        room = _room(model, wish.prompt)
        if most is not None and most > room:
            raise PromptTooLong(_too_long(model, room, most))
        tokens = min(limits.default_tokens, room, limits.request_tokens // wish.n) if most is None else max(most, 1)
        if tokens < 1:
            raise PromptTooLong(_too_long(model, room, 1))
        sampling = Sampling(tokens, temperature, wish.top_p, wish.top_k, wish.stop, wish.schema)
        item = Item("asked", {"text": wish.text}, None, key)
        prompt = _in_ids(model, wish.prompt) if wish.echo else wish.prompt
        if wish.recalled:
            prompt = with_memories(model, prompt, wish.recalled, room - tokens)
        task = Task(item, prompt, sampling, adapter)
        noise = Noise((seed, "serve", key))
        if how is None:
            ends = tuple(sorted(getattr(model, "end_ids", ()))) if wish.ended else ()
            count = 0 if most == 0 else wish.n
            return Job(Draws(count, wish.tops, ends, _echo(prompt) if wish.echo else None), task, noise, budget)
        search, critics = how
        return Job(search, task, noise, budget, critics)

    return make


def _in_ids(model: Model, prompt: Prompt) -> Prompt:
    """Return `prompt` with its ids, where the tokenizer is here."""
    encode = getattr(model, "encode", None)
    return prompt if encode is None else replace(prompt, tokens=tuple(encode(prompt)))


def _echo(prompt: Prompt) -> tuple[Prefix, Segment]:
    """Return the beginning of a text and the rest of it, to be weighed: its first token has nothing in front of it."""
    if prompt.tokens is None:
        return Prefix(Prompt(text="")), Segment(str(prompt))
    return Prefix(Prompt(text="", tokens=prompt.tokens[:1])), Segment("", prompt.tokens[1:])


def texts_of(
    texts: tuple[Prompt, ...], meant: Meant, minds: Minds, space: str, limits: Limits
) -> Callable[[Model], Job]:
    """Return what prepares the job of reading texts for the engine."""
    if meant.file is not None or meant.strategy is not None:
        raise Refusal(400, f"{meant.name} thinks; name the model alone for this", code="unsupported", param="model")

    def make(model: Model) -> Job:
        adapter = minds.weights(meant, model, space)
        for text in texts:
            if (room := _room(model, text)) < 0:
                raise PromptTooLong(_too_long(model, room, 0))
        task = Task(Item("texts", {}, None, "texts"), Prompt(text=""), Sampling(1), adapter)
        return Job(Texts(texts), task, Noise(("texts",)), Budget(seconds=limits.seconds))

    return make


def _job_of_file(wish: Wish, meant: Meant, minds: Minds, space: str, budget: Budget) -> Callable[[Model], Job]:
    mind = meant.file
    assert mind is not None
    if wish.n > 1:
        raise Refusal(400, "a mind gives one answer; ask for n=1", code="unsupported", param="n")
    if wish.schema is not None:
        raise Refusal(400, f"{meant.name} settles its form itself", code="unsupported", param="response_format")
    if wish.seed is not None:
        mind = replace(mind, seed=wish.seed)
    job = mind.job(wish.text)
    job = replace(job, budget=job.budget.within(budget) if job.budget else budget)

    def make(model: Model) -> Job:
        minds.weights(meant, model, space)
        return job

    return make


def _budget(wish: Wish, limits: Limits) -> Budget:
    most = Budget(tokens=limits.request_tokens, seconds=limits.seconds)
    asked = wish.extension.budget if wish.extension is not None else None
    return most if asked is None else most.within(Budget.parse(asked))


def _room(model: Model, prompt: Prompt) -> int:
    """Return how many tokens fit behind `prompt`; exactly where the model is local. Below zero: it is too long."""
    encode = getattr(model, "encode", None)
    if encode is None:
        slack = _SLACK * (len(prompt.messages) + 1) if prompt.text is None and model.context_tokens > 1024 else 0
        return model.context_tokens - model.count_tokens(str(prompt)) - slack
    try:
        return model.context_tokens - len(encode(prompt))
    except NightschoolError:
        raise
    except Exception as error:  # a chat template is a program that came with the weights, and raises what it likes
        raise UsageError(f"the chat template of {model.name} does not take this conversation: {error}") from error


def _too_long(model: Model, room: int, more: int) -> str:
    return (
        f"this model's context is {model.context_tokens} tokens; the prompt has {model.context_tokens - room}, and "
        f"{more} more were asked for; shorten the prompt or ask for fewer tokens"
    )

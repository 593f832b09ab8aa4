"""What tests of searches share: tasks, critics that are plain functions, and replies made by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from nightschool.asks import Ask, Judge, Judged, Propose, Proposed, Refused, Reply
from nightschool.items import (
    Draw,
    Finish,
    Item,
    Message,
    Noise,
    Prompt,
    Sampling,
    Segment,
    Task,
    Thought,
    Usage,
    Verdict,
)
from nightschool.ports import Search, Sight

NOISE = Noise((7, "item"))


def task(text: str = "Sort 3 1 2", *, sampling: Sampling | None = None, document: bool = False, **prompt: Any) -> Task:
    """Return a task posed as a chat, or as a document."""
    item = Item("i", {"input": text}, "1, 2, 3", text)
    words = {"text": text} if document else {"messages": (Message("user", text),)}
    return Task(item, Prompt(**words, **prompt), sampling or Sampling(max_tokens=32))


class Likes:
    """A critic that scores with a function of the answer; it passes a score of 1, and says `feedback` otherwise."""

    def __init__(
        self,
        score: Callable[[str], float],
        *,
        sight: Sight = Sight.VERIFIER,
        feedback: str = "no",
        least: float = 1.0,
    ) -> None:
        self.name, self.sight = "likes", sight
        self.score, self.feedback, self.least = score, feedback, least
        self.seen: list[tuple[Item, str]] = []

    def judge(self, item: Item, answer: str) -> Verdict:
        self.seen.append((item, answer))
        score = self.score(answer)
        return Verdict(score, score >= self.least, "" if score >= self.least else self.feedback)


def sorted_so_far(answer: str) -> float:
    """Return how much of `1, 2, 3, 4` stands, 0 where a number stands wrong."""
    numbers = [part.strip() for part in answer.rstrip(", ").split(",")]
    right = numbers == [str(i + 1) for i in range(len(numbers))]
    return len(numbers) / 4 if right and len(numbers) <= 4 else 0.0


def digits(prompt: str, written: str) -> dict[str, float]:
    """Say any of four digits, four times, with commas between."""
    if len(written) >= 10:
        return {"": 1.0}
    return [dict.fromkeys("1234", 0.25), {",": 1.0}, {" ": 1.0}][len(written) % 3]


def draw(text: str, logp: float | None = -1.0, finish: Finish = "end", stopped_by: str | None = None) -> Draw:
    """Return a draw of one token for each character, all of the log-probability in the first."""
    logps = None if logp is None else (logp, *[0.0] * (len(text) - 1)) if text else ()
    return Draw(
        Segment(text, tuple(map(ord, text)), logps), finish, "failed" if finish == "error" else None, stopped_by
    )


def proposed(id: str, *draws: Draw) -> Proposed:
    return Proposed(id, draws, Usage(sampled_tokens=sum(len(d.segment.text) for d in draws), calls=1))


def replies(
    propose: Callable[[Propose], Sequence[Draw]], judge: Callable[[Judge], Verdict | None]
) -> Callable[[Ask], Reply]:
    """Return what answers any ask; a judge that gives None is not there."""

    def reply(ask: Ask) -> Reply:
        if isinstance(ask, Propose):
            return proposed(ask.id, *propose(ask))
        assert isinstance(ask, Judge)
        verdict = judge(ask)
        return Refused(ask.id, "nobody judges", "error") if verdict is None else Judged(ask.id, verdict)

    return reply


def run(search: Search[Any], of: Task, reply: Callable[[Ask], Reply], shuffle: random.Random | None = None) -> Any:
    """Return the last state of `search`, told in order, or any number of replies at a time in any order."""
    state = search.start(of, NOISE)
    answered: set[str] = set()
    for _ in range(10_000):
        asks = search.ask(state)
        assert [ask.id for ask in search.ask(state)] == [ask.id for ask in asks], "ask is not idempotent"
        if not asks:
            return state
        assert not answered & {ask.id for ask in asks}, "asks again for what it was told"
        chosen = list(asks)
        if shuffle is not None:
            shuffle.shuffle(chosen)
            chosen = chosen[: shuffle.randint(1, len(chosen))]
        else:
            chosen = chosen[:1]
        answered |= {ask.id for ask in chosen}
        state = search.tell(state, [reply(ask) for ask in chosen])
        check_tree(search.thoughts(state), search.best(state))
    raise AssertionError("the search never ends")


def check_tree(thoughts: Sequence[Thought], best: Thought | None) -> None:
    """Assert what holds of every search at every moment."""
    assert [thought.id for thought in thoughts] == list(range(len(thoughts)))
    assert all(thought.parent is None or thought.parent < thought.id for thought in thoughts)
    assert best is None or thoughts[best.id].prefix == best.prefix

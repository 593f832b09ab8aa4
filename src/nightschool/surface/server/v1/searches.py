"""What a plain request asks for, as searches: so many draws, what is told of their tokens, the states of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Hidden, Propose, Proposed, Read, Refused, Reply, Weigh, Weighed
from nightschool.items import Draw, Noise, Prefix, Prompt, Segment, Task, Thought
from nightschool.search.tree import Tree

_NOBODY: frozenset[CriticRole] = frozenset()
ECHO = "echo"
"""the ask that weighs the prompt"""


def weighing(number: int) -> str:
    """Return the id of the ask that weighs draw `number`."""
    return f"weigh-{number}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """draws[n]: None while it is on its way; prompt_tokens: of one of them; weighed: what was, by its ask's id."""

    task: Task
    noise: Noise
    draws: tuple[Draw | None, ...]
    prompt_tokens: int = 0
    weighed: Mapping[str, Weighed | Refused] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draws:
    """n draws, each an ask of its own, so that the short ones are there first. Draw 0 is that of `single`.

    tops: None to take what the draws say of themselves; else every draw is weighed again with so many of the likeliest
    tokens told beside each of its own; ends: ids that end a text: what the one that ended a draw weighs is told too;
    echo: a beginning of the prompt and the rest of it, which is weighed.
    """

    n: int = 1
    tops: int | None = None
    ends: tuple[int, ...] = ()
    echo: tuple[Prefix, Segment] | None = None
    needs = _NOBODY

    @property
    def spec(self) -> str:
        """Return `draws:n=N`."""
        return f"draws:n={self.n}"

    def start(self, task: Task, noise: Noise) -> Drawing:
        """Return the state before anything was asked."""
        return Drawing(task, noise, (None,) * self.n)

    def ask(self, state: Drawing) -> Sequence[Ask]:
        """Return the asks for the draws that are missing, and for what is to be weighed and can be."""
        task, prefix = state.task, Prefix(state.task.prompt)
        asks: list[Ask] = [
            Propose(f"draw-{number}", prefix, 1, task.sampling, state.noise, task.adapter, first_draw=number)
            for number, draw in enumerate(state.draws)
            if draw is None
        ]
        if self.echo is not None and ECHO not in state.weighed:
            asks.append(Weigh(ECHO, self.echo[0], (self.echo[1],), task.adapter, self.tops or 0))
        if self.tops is not None:
            for number, draw in enumerate(state.draws):
                if draw is not None and weighing(number) not in state.weighed and (forms := self._forms(draw)):
                    asks.append(Weigh(weighing(number), prefix, forms, task.adapter, self.tops))
        return asks

    def _forms(self, draw: Draw) -> tuple[Segment, ...]:
        """Return what is to be weighed of a draw: itself, or itself with each token that may have ended it."""
        tokens = draw.segment.tokens
        if tokens is None:
            return ()
        if draw.finish == "end" and self.ends:
            return tuple(replace(draw.segment, tokens=(*tokens, end), logps=None) for end in self.ends)
        return (draw.segment,) if tokens else ()

    def tell(self, state: Drawing, replies: Sequence[Reply]) -> Drawing:
        """Return the state with these draws in it; what was refused is there, and says so."""
        draws, prompt_tokens, weighed = list(state.draws), state.prompt_tokens, dict(state.weighed)
        for reply in replies:
            if isinstance(reply, Weighed) or not reply.id.startswith("draw-"):
                assert isinstance(reply, (Weighed, Refused))
                weighed[reply.id] = reply
                continue
            number = int(reply.id.removeprefix("draw-"))
            if isinstance(reply, Proposed):
                [draws[number]] = reply.draws
                prompt_tokens = prompt_tokens or reply.usage.prompt_tokens
            elif isinstance(reply, Refused):
                failed = reply.by == "error"
                draws[number] = Draw(Segment(""), "error" if failed else "cancelled", reply.reason if failed else None)
        return replace(state, draws=tuple(draws), prompt_tokens=prompt_tokens, weighed=weighed)

    def best(self, state: Drawing) -> Thought | None:
        """Return the first draw, once it is there."""
        return next(iter(self.thoughts(state)), None)

    def thoughts(self, state: Drawing) -> Sequence[Thought]:
        """Return the draws that are there, up to the first that is missing."""
        there: list[Draw] = []
        for draw in state.draws:
            if draw is None:
                break
            there.append(draw)
        return tuple(Tree().grow(Prefix(state.task.prompt), there))


@dataclass(frozen=True, slots=True)
class Asked:
    """asks: one for each text; replies: those that are there, by id."""

    asks: tuple[Read, ...]
    replies: tuple[Hidden | Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """One ask for each text: its hidden state at the end."""

    texts: tuple[Prompt, ...]
    needs = _NOBODY

    @property
    def spec(self) -> str:
        """Return what is asked of the texts."""
        return "read"

    def start(self, task: Task, noise: Noise) -> Asked:
        """Return the state before anything was asked."""
        return Asked(tuple(Read(f"text-{at}", Prefix(p), adapter=task.adapter) for at, p in enumerate(self.texts)))

    def ask(self, state: Asked) -> Sequence[Ask]:
        """Return what is not answered yet."""
        known = {reply.id for reply in state.replies}
        return [ask for ask in state.asks if ask.id not in known]

    def tell(self, state: Asked, replies: Sequence[Reply]) -> Asked:
        """Return the state with these answers in it."""
        taken = [reply for reply in replies if isinstance(reply, (Hidden, Refused))]
        return replace(state, replies=(*state.replies, *taken))

    def best(self, state: Asked) -> Thought | None:
        """Return None: nothing is thought."""
        return None

    def thoughts(self, state: Asked) -> Sequence[Thought]:
        """Return nothing."""
        return ()

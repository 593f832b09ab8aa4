"""What a plain request asks for, as searches: so many draws, the states of texts, the weights of texts. No judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.asks import Ask, CriticRole, Hidden, Propose, Proposed, Read, Refused, Reply, Weigh, Weighed
from nightschool.items import Draw, Noise, Prefix, Prompt, Segment, Task, Thought
from nightschool.search.tree import Tree

_NOBODY: frozenset[CriticRole] = frozenset()


@dataclass(frozen=True, slots=True)
class Drawing:
    """draws[n]: None while it is on its way; prompt_tokens: of one of them."""

    task: Task
    noise: Noise
    draws: tuple[Draw | None, ...]
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Draws:
    """n draws, each an ask of its own, so that the short ones are there first. Draw 0 is that of `single`."""

    n: int = 1
    needs = _NOBODY

    @property
    def spec(self) -> str:
        """Return `draws:n=N`."""
        return f"draws:n={self.n}"

    def start(self, task: Task, noise: Noise) -> Drawing:
        """Return the state before anything was asked."""
        return Drawing(task, noise, (None,) * self.n)

    def ask(self, state: Drawing) -> Sequence[Ask]:
        """Return the asks for the draws that are missing."""
        task, prefix = state.task, Prefix(state.task.prompt)
        return [
            Propose(f"draw-{number}", prefix, 1, task.sampling, state.noise, task.adapter, first_draw=number)
            for number, draw in enumerate(state.draws)
            if draw is None
        ]

    def tell(self, state: Drawing, replies: Sequence[Reply]) -> Drawing:
        """Return the state with these draws in it; what was refused is there, and says so."""
        draws, prompt_tokens = list(state.draws), state.prompt_tokens
        for reply in replies:
            number = int(reply.id.removeprefix("draw-"))
            if isinstance(reply, Proposed):
                [draws[number]] = reply.draws
                prompt_tokens = prompt_tokens or reply.usage.prompt_tokens
            elif isinstance(reply, Refused):
                failed = reply.by == "error"
                draws[number] = Draw(Segment(""), "error" if failed else "cancelled", reply.reason if failed else None)
        return replace(state, draws=tuple(draws), prompt_tokens=prompt_tokens)

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

    asks: tuple[Read | Weigh, ...]
    replies: tuple[Hidden | Weighed | Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """One ask for each text: its hidden state at the end (`weigh` False), or its log-probabilities token by token."""

    texts: tuple[str, ...]
    weigh: bool = False
    needs = _NOBODY

    @property
    def spec(self) -> str:
        """Return what is asked of the texts."""
        return "weigh" if self.weigh else "read"

    def start(self, task: Task, noise: Noise) -> Asked:
        """Return the state before anything was asked."""
        return Asked(tuple(self._ask(f"text-{at}", text, task.adapter) for at, text in enumerate(self.texts)))

    def _ask(self, id: str, text: str, adapter: str | None) -> Read | Weigh:
        if self.weigh:
            return Weigh(id, Prefix(Prompt(text="")), (Segment(text),), adapter)
        return Read(id, Prefix(Prompt(text=text)), adapter=adapter)

    def ask(self, state: Asked) -> Sequence[Ask]:
        """Return what is not answered yet."""
        known = {reply.id for reply in state.replies}
        return [ask for ask in state.asks if ask.id not in known]

    def tell(self, state: Asked, replies: Sequence[Reply]) -> Asked:
        """Return the state with these answers in it."""
        taken = [reply for reply in replies if isinstance(reply, (Hidden, Weighed, Refused))]
        return replace(state, replies=(*state.replies, *taken))

    def best(self, state: Asked) -> Thought | None:
        """Return None: nothing is thought."""
        return None

    def thoughts(self, state: Asked) -> Sequence[Thought]:
        """Return nothing."""
        return ()

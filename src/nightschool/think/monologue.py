"""monologue: think aloud first, then answer.

The model's own turn is opened with a few words that lead it into thinking; after at most `tokens` tokens, or where it
comes to an answer by itself, the answer is opened for it and drawn as the task samples. A wording's prefill opens the
answer and not the thinking. A JSON schema is that of the answer: a model takes what was written behind the prompt for
the beginning of the value, so that then what was thought is put before it, as a prefill.

Ref: kojima2022 (both steps); wei2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Propose, Proposed, Reply
from nightschool.items import Noise, Prefix, Segment, Task, Thought
from nightschool.search.tree import Tree
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import UNFINISHED, is_answer

OPENS = "Let us think step by step."
CLOSES = "\nAnswer:"
_STOP = ("\nAnswer:", "Answer:")


@dataclass(frozen=True, slots=True)
class Speaking:
    """What was thought and answered. thinking: the prompt and the thinking behind it; over: no more asks.

    The tree holds the answer alone, with the thinking in its prefix: what was thought aloud is no answer, and a run
    that is cut before the answer has none.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    thinking: Prefix | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Monologue:
    """One thought aloud of at most `tokens` tokens, then one answer.

    draft: answer at once first, as `single` does, and then think and answer as without it: the draft is kept beside the
    answer, so that it can be told whether thinking mended or broke it. It stands only where no answer came.
    """

    tokens: int = 96
    draft: bool = False

    def __post_init__(self) -> None:
        whole("monologue", tokens=self.tokens)
        one_of("monologue", (True, False), draft=self.draft)

    @property
    def spec(self) -> str:
        """Return `monologue:tokens=96` and what else is not the default."""
        return spec_of("monologue", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Speaking:
        """Return the state before anything was asked."""
        return Speaking(task, noise)

    def ask(self, state: Speaking) -> Sequence[Ask]:
        """Return the ask for the thinking, then the one for the answer."""
        if state.over:
            return ()
        task = state.task
        if self.draft and not len(state.tree):
            return (Propose("draft", Prefix(task.prompt), 1, task.sampling, state.noise, task.adapter),)
        if state.thinking is None:
            sampling = replace(task.sampling, max_tokens=self.tokens, stop=_STOP, json_schema=None)
            return (Propose("think", _opened(task), 1, sampling, state.noise.child("think"), task.adapter),)
        return (
            Propose(
                "answer", _closed(task, state.thinking), 1, task.sampling, state.noise.child("answer"), task.adapter
            ),
        )

    def tell(self, state: Speaking, replies: Sequence[Reply]) -> Speaking:
        """Return the state with the thinking or the answer in it; where either failed it is over."""
        for reply in replies:
            if not isinstance(reply, Proposed):
                state = replace(state, over=True)
            elif reply.id == "draft":
                state = replace(state, tree=state.tree.grow(Prefix(state.task.prompt), reply.draws[:1]))
            elif state.thinking is None:
                whole_draws = [draw for draw in reply.draws if draw.finish not in UNFINISHED]
                thinking = _opened(state.task).append(whole_draws[0].segment) if whole_draws else None
                state = replace(state, thinking=thinking, over=thinking is None)
            else:
                parent = 0 if len(state.tree) else None
                tree = state.tree.grow(_closed(state.task, state.thinking), reply.draws[:1], parent)
                tree = tree.change(len(tree) - 1, answer=reply.draws[0].segment.text.strip())
                tree = tree.change(len(tree) - 1, logp=reply.draws[0].segment.logp)  # not the draft's beside it
                state = replace(state, tree=tree, over=True)
        return state

    def best(self, state: Speaking) -> Thought | None:
        """Return the answer, where there is one; else the draft."""
        return max(filter(is_answer, state.tree), key=lambda thought: thought.id, default=None)

    def thoughts(self, state: Speaking) -> Sequence[Thought]:
        """Return the draft, if any, and the answer."""
        return state.tree.thoughts


def _opened(task: Task) -> Prefix:
    return Prefix(replace(task.prompt, prefill="")).append(Segment(OPENS))


def _closed(task: Task, thought: Prefix) -> Prefix:
    opening = CLOSES + (f" {task.prompt.prefill}" if task.prompt.prefill else "")
    if task.sampling.json_schema is not None:
        return Prefix(replace(task.prompt, prefill=thought.text + opening))
    return thought.append(Segment(opening))

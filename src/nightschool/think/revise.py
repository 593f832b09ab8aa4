"""revise: draft, let the verifier say what is wrong, quote that in a new turn, write again.

With `by=self` nobody outside judges: the model says what is wrong with its own answer, and that is quoted. What comes
of it is not known to be better, and the last version stands.
Ref: madaan2023 (Self-Refine; with the feedback of an outside verifier, or its own); huang2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Reply
from nightschool.items import Message, Noise, Prefix, Prompt, Task, Thought, Verdict
from nightschool.search.tree import Tree
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import UNFINISHED, is_answer, standing

FEEDBACK = "That is not right yet{feedback}. Answer again, and give the whole answer."
NOTE = "# Not right yet{feedback}. The whole answer again:"
ASKED = "Is that right? Say in one sentence what is wrong with it, if anything."
ASKED_NOTE = "# What is wrong with this answer, if anything, in one sentence:"
_CHECK_TOKENS = 48


def quoting(prompt: Prompt, answer: str, verdict: Verdict) -> Prompt:
    """Return `prompt` asked once more, with the last answer and what the verifier said about it.

    A conversation gets the answer as the assistant's turn and the feedback as the user's. A document gets the answer
    as it would have gone on, a comment line with the feedback, and then its own text again: what continues documents
    sees a failed attempt above and the same beginning below. Only the last answer is quoted, so that the prompt does
    not grow with the rounds.
    """
    feedback = ": " + verdict.feedback.strip().rstrip(".") if verdict.feedback.strip() else ""
    if prompt.text is not None:
        note = NOTE.format(feedback=feedback).replace("\n", "\n# ")
        again = f"{prompt.text}{prompt.prefill}{answer}\n\n{note}\n\n{prompt.text}"
        return replace(prompt, text=again)
    turns = (Message("assistant", prompt.prefill + answer), Message("user", FEEDBACK.format(feedback=feedback)))
    return replace(prompt, messages=prompt.messages + turns)


def checking(prompt: Prompt, answer: str) -> Prompt:
    """Return `prompt` with its answer, and the question what is wrong with it."""
    if prompt.text is not None:
        text = f"{prompt.text}{prompt.prefill}{answer}\n\n{ASKED_NOTE}"
        return Prompt(text=text, keys=prompt.keys)
    turns = (Message("assistant", prompt.prefill + answer), Message("user", ASKED))
    return replace(prompt, messages=prompt.messages + turns, prefill="")


@dataclass(frozen=True, slots=True)
class Revising:
    """One version after another. checked: the last version has been judged, or criticised by the model itself, whose
    words are the version's `value`; over: no more asks."""

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    checked: bool = True
    over: bool = False


@dataclass(frozen=True, slots=True)
class Revise:
    """A draft and at most `rounds` revisions of the best version so far, until the verifier passes one.

    by: `verifier`, or `self`: then each revision starts from the last version, with the model's own criticism of it,
    all rounds are made, and the last version is the answer.

    The next revision starts from the version that stands highest, so `best` never gets worse by verdict. A verifier
    that fails has no feedback to quote: the search ends with what it has. So does greedy sampling whose revision is no
    better, because it would write the same again. The draft equals `single`'s answer.
    """

    rounds: int = 3
    by: Literal["verifier", "self"] = "verifier"

    def __post_init__(self) -> None:
        whole("revise", rounds=self.rounds)
        one_of("revise", ("verifier", "self"), by=self.by)

    @property
    def spec(self) -> str:
        """Return `revise:rounds=3` and what else is not the default."""
        return spec_of("revise", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the verifier, whose feedback re-enters; nothing where the model criticises itself."""
        return frozenset(("verifier",)) if self.by == "verifier" else frozenset()

    def start(self, task: Task, noise: Noise) -> Revising:
        """Return the state before anything was asked."""
        return Revising(task, noise)

    def ask(self, state: Revising) -> Sequence[Ask]:
        """Return the next version to write, or the judgement of the last one."""
        if state.over:
            return ()
        task, version = state.task, len(state.tree)
        if not state.checked and self.by == "self":
            prefix = Prefix(checking(task.prompt, state.tree[version - 1].answer))
            sampling = replace(task.sampling, max_tokens=_CHECK_TOKENS, stop=("\n",), json_schema=None)
            noise = state.noise.child("check", version)
            return (Propose(f"check-{version - 1}", prefix, 1, sampling, noise, task.adapter),)
        if not state.checked:
            return (Judge(f"judge-{version - 1}", task.item, state.tree[version - 1].answer),)
        prefix, noise, _ = self._next(state)
        return (Propose(f"version-{version}", prefix, 1, task.sampling, noise, task.adapter),)

    def tell(self, state: Revising, replies: Sequence[Reply]) -> Revising:
        """Return the state with a version or its verdict taken in; anything else ends the search."""
        for reply in replies:
            if isinstance(reply, Proposed) and reply.id.startswith("check-"):
                last, said = len(state.tree) - 1, reply.draws[0]
                tree = state.tree.change(last, value=said.segment.text.strip())
                state = replace(state, tree=tree, checked=True, over=said.finish in UNFINISHED)
            elif isinstance(reply, Proposed):
                prefix, _, parent = self._next(state)
                tree = state.tree.grow(prefix, reply.draws[:1], parent)
                enough = self.by == "self" and len(tree) > self.rounds
                state = replace(state, tree=tree, checked=False, over=enough or not is_answer(tree[len(tree) - 1]))
            elif isinstance(reply, Judged):
                tree = state.tree.judged(len(state.tree) - 1, reply.verdict)
                ended = reply.verdict.passed or reply.verdict.error is not None or len(tree) > self.rounds
                before, state = self.best(state), replace(state, tree=tree, checked=True)
                stuck = state.task.sampling.temperature == 0 and len(tree) > 1 and self.best(state) == before
                state = replace(state, over=ended or stuck)
            else:
                state = replace(state, over=True)
        return state

    def best(self, state: Revising) -> Thought | None:
        """Return the version that stands highest by verdict, of equals the earliest; the last where nobody judges."""
        if self.by == "self":
            return max(filter(is_answer, state.tree), key=lambda thought: thought.id, default=None)
        return max(filter(is_answer, state.tree), key=standing, default=None)

    def thoughts(self, state: Revising) -> Sequence[Thought]:
        """Return the versions; each one's parent is the version that it revises."""
        return state.tree.thoughts

    def _next(self, state: Revising) -> tuple[Prefix, Noise, int | None]:
        """Return what the next version continues, its noise, and what it revises."""
        last = self.best(state)
        if last is None or (last.verdict is None and self.by == "verifier"):
            return Prefix(state.task.prompt), state.noise, None
        verdict = last.verdict or Verdict(0.0, False, str(last.value or ""))
        prompt = quoting(state.task.prompt, last.answer, verdict)
        return Prefix(prompt), state.noise.child("revise", len(state.tree)), last.id

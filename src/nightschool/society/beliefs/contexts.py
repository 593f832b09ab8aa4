"""Asking one thing in many contexts: yes or no in several wordings, the denial of it, and the bare question.

A model that knows says the same in all of them. What it says is log-odds, one column for each context; columns that
come with a question compare its answers with each other. Refs: kadavath2022; holtzman2021 (answers against what they
would be without the text that should bear them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import UsageError
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.language import Asking, leanings

FURTHEST = 30.0
"""Log-odds beyond which no answer of a model is taken."""


@dataclass(frozen=True, slots=True)
class Context:
    """One way to ask. template: holds {claim}; yes: the answer that affirms the claim, no: the one that denies it."""

    name: str
    template: str
    yes: str
    no: str

    def prompt(self, one: Proposition) -> str:
        """Return what the model reads before it answers."""
        return _behind(one.about, self.template.replace("{claim}", one.claim))


CONTEXTS: tuple[Context, ...] = (
    Context("true", "Statement: {claim}\nIs this statement true, yes or no?\nAnswer:", " yes", " no"),
    Context("false", "Statement: {claim}\nIs this statement false, yes or no?\nAnswer:", " no", " yes"),
    Context("label", "Claim: {claim}\nThis claim is", " true", " false"),
    Context("right", "Teacher: Is it right to say this? {claim}\nPupil:", " Yes", " No"),
)
OPEN = ("answer", "unprompted")
"""Columns of propositions that answer a question: its answer among the answers, and that without what it is about."""


def columns(contexts: Sequence[Context] = CONTEXTS) -> tuple[str, ...]:
    """Return the names of the columns that `heard` gives."""
    return (*(context.name for context in contexts), *OPEN)


def heard(asking: Asking, propositions: Sequence[Proposition], contexts: Sequence[Context] = CONTEXTS) -> torch.Tensor:
    """Return [n, columns] what the model says of each proposition, log-odds in [-30, 30].

    The two last columns are 0 where a proposition has no question, or its question no second answer here. Raises
    ModelError where the model refuses or tells no probabilities, UsageError where there is nothing to ask.
    """
    if not propositions:
        raise UsageError("there is no proposition to ask about")
    said = []
    for context in contexts:
        logps = leanings(asking, [context.prompt(one) for one in propositions], (context.yes, context.no))
        said.append(logps[:, 0] - logps[:, 1])
    said += _open(asking, propositions)
    return torch.stack(said, 1).clamp(-FURTHEST, FURTHEST)


def _open(asking: Asking, propositions: Sequence[Proposition]) -> list[torch.Tensor]:
    """Return the columns of questions, asked together for all that have the same answers."""
    found = [torch.zeros(len(propositions), dtype=torch.float64) for _ in OPEN]
    questions: dict[tuple[str, str], list[int]] = {}
    for row, one in enumerate(propositions):
        if one.question:
            questions.setdefault((one.about, one.question), []).append(row)
    alike: dict[tuple[str, ...], list[tuple[tuple[str, str], list[int]]]] = {}
    for asked, rows in questions.items():
        answers = tuple(dict.fromkeys(" " + propositions[row].answer for row in rows))
        if len(answers) > 1:
            alike.setdefault(answers, []).append((asked, rows))
    for answers, group in alike.items():
        prompts = [_behind(about, f"Question: {question}\nAnswer:") for (about, question), _ in group]
        without = [
            _behind("", f"Question: {question}\nAnswer:") if about else "Answer:" for (about, question), _ in group
        ]
        for column, some in zip(found, (prompts, without), strict=True):
            chances = leanings(asking, some, answers)
            odds = chances - torch.log(-torch.expm1(chances.clamp_max(-1e-13)))
            for (_, rows), row_odds in zip(group, odds, strict=True):
                for row in rows:
                    column[row] = row_odds[answers.index(" " + propositions[row].answer)]
    return found


def _behind(about: str, text: str) -> str:
    return f"{about.strip()}\n\n{text}" if about.strip() else text

"""Grading: every answer judged by the world's reference critic, equal answers to an item once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from nightschool.critics.judging import judge
from nightschool.exam.result import Record
from nightschool.exam.rung import Line, Said
from nightschool.items import Item, Verdict
from nightschool.ports import Critic
from nightschool.stats import pass_at_k


class Grader:
    """Judges by one critic and remembers. workers: threads; 0 for none."""

    def __init__(self, critic: Critic, workers: int = 2) -> None:
        self.critic, self.workers = critic, workers
        self._known: dict[tuple[str, str], Verdict] = {}

    def grade(self, lines: Sequence[Line]) -> list[tuple[Record, ...]]:
        """Return the records of each line, in the order of its items."""
        self._judge((said.item, answer) for line in lines for said in line.said for answer in said.answers)
        return [tuple(self._record(said, line.pass_k) for said in line.said) for line in lines]

    def passed(self, pairs: Sequence[tuple[Item, str]]) -> list[bool | None]:
        """Return whether each answer to an item passed, or None where the critic failed: that is missing, not wrong."""
        self._judge(pairs)
        verdicts = [self._known[item.id, answer] for item, answer in pairs]
        return [verdict.passed if verdict.error is None else None for verdict in verdicts]

    def _judge(self, wanted: Iterable[tuple[Item, str]]) -> None:
        new = {(item.id, answer): item for item, answer in wanted if (item.id, answer) not in self._known}
        keys = list(new)
        if self.workers:
            with ThreadPoolExecutor(self.workers, thread_name_prefix="grade") as pool:
                verdicts = list(pool.map(lambda key: judge(self.critic, new[key], key[1]), keys))
        else:
            verdicts = [judge(self.critic, new[key], key[1]) for key in keys]
        self._known.update(zip(keys, verdicts, strict=True))

    def _record(self, said: Said, pass_k: int | None) -> Record:
        """Return the outcome of one item. Where a verdict is an error the outcome is missing, not wrong."""
        verdicts = [self._known[said.item.id, answer] for answer in said.answers]
        errors = [verdict.error for verdict in verdicts if verdict.error is not None]
        outcome, missing = None, said.missing
        if errors:
            missing = errors[0]
        elif verdicts:
            passed = sum(verdict.passed for verdict in verdicts)
            total = len(verdicts)
            outcome = passed / total if pass_k is None else pass_at_k(total, passed, pass_k)
        return Record(
            item=said.item.id,
            prompt=said.prompt,
            answers=said.answers,
            outcome=outcome,
            feedback=verdicts[0].feedback if verdicts else "",
            tokens=said.usage.tokens,
            missing=missing,
            cut=said.cut,
        )

"""What is a learned critic worth? `python benchmarks/think_critics.py [--task sorting:n=3] [--items 60] [--draws 64]`.

Answers to practice items, labelled by the task's verifier as a person would label them, teach three critics: one of
what answers look like, one of hidden states, and the model's own yes or no read as the labels teach. Each is held to
practice items left out of learning, and then chooses the best of n on items of another split (tune by default), where
the true verifier says how often the choice is right as n grows, beside what the critic believes and what was possible.
With --head a value head is learned from the same answers and guides mcts and beam, against the same searches without
it, without a step critic for either, at the same tokens.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nightschool.critics.judging import judge
from nightschool.critics.learned import learned
from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.optimism import chosen_by
from nightschool.drive import Drive, Job
from nightschool.items import Noise, Prompt, Split, Task, Trace
from nightschool.models.resolve import open_model
from nightschool.ports import Consulting
from nightschool.stats import difference, wilson
from nightschool.stats.paired import Paired
from nightschool.surface.thinking.learned_critic import learn_file
from nightschool.surface.thinking.value_heads import teach
from nightschool.think.asking import Asking
from nightschool.worlds.open import open_world
from think_curves import FAMILIES, jobs_of, mean, solved

SIZES = (1, 2, 4, 8, 16, 32, 64)


class Kept:
    """The model, which those who close it leave open."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def close(self) -> None:
        """Leave it open."""


def labels_of(traces: Sequence[Trace], each: int) -> list[Label]:
    """Return at most `each` right and `each` wrong answers of every item, as the verifier says."""
    found = []
    for trace in traces:
        item, seen = trace.task.item, dict[bool, set[str]]()
        for thought in trace.thoughts:
            assert thought.verdict is not None
            kind = seen.setdefault(thought.verdict.passed, set())
            if len(kind) < each and thought.answer not in kind:
                kind.add(thought.answer)
                found.append(Label(item.inputs, thought.answer, wanted=thought.verdict.passed, key=item.key))
    return found


def scores_of(model: Any, critic: Any, traces: Sequence[Trace]) -> list[list[float]]:
    """Return the critic's score of every draw."""
    distinct = {(trace.task.item.id, t.answer): trace.task.item for trace in traces for t in trace.thoughts}
    if isinstance(critic, Consulting):
        asks = [replace(critic.consult(item, answer), id="case") for (_, answer), item in distinct.items()]
        empty = Prompt(text="")
        jobs = [
            Job(Asking((ask,)), Task(item, empty), Noise((i,)))
            for i, (ask, item) in enumerate(zip(asks, distinct.values(), strict=True))
        ]
        told = Drive(model).run(jobs)
        replies = [trace.best.value for trace in told if trace.best is not None]
        known = {
            key: critic.conclude(item, key[1], reply).score
            for (key, item), reply in zip(distinct.items(), replies, strict=True)
        }
    else:
        known = {key: judge(critic, item, key[1]).score for key, item in distinct.items()}
    return [[known[trace.task.item.id, t.answer] for t in trace.thoughts] for trace in traces]


def drawn(model: Any, world: Any, which: Split, given: argparse.Namespace) -> list[Trace]:
    """Return many judged answers to items of a split, the worked examples left out."""
    items = world.items(which, given.items + given.shots, 0)[given.shots :]
    return Drive(model).run(jobs_of(world, items, f"best-of-n:n={given.draws}", given.wording, given.shots, None))


def heads(model: Any, world: Any, given: argparse.Namespace, practised: Sequence[Trace], items: Any) -> None:
    """Print what a value head adds to mcts and beam, where no step critic is."""
    wording, split = FAMILIES.get(given.task, (given.wording, given.split))
    each = mean([trace.usage.tokens / max(1, len(trace.thoughts)) for trace in practised])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.json"
        taught = teach(model, practised, path, split)
        print(f"value head: {taught.labels} beginnings, {taught.held_out}, usual {taught.usual:.2f}")
        for plain, led in (
            (f"mcts:n=4096,split={split}", f",value=head,head={path}"),
            (f"beam:width=4,expand=4,retries=64,split={split}", f",head={path}"),
        ):
            outcomes = []
            for strategy in (plain, plain + led):
                jobs = jobs_of(world, items, strategy, wording, given.shots, int(given.worth * each))
                alone = [replace(job, critics={"verifier": job.critics["verifier"]}) for job in jobs]
                outcomes.append([solved(world, trace) for trace in Drive(model).run(alone)])
            rates = [wilson(sum(o), len(o)) for o in outcomes]
            gap = difference(Paired.of(*outcomes))
            print(
                f"  {plain.partition(':')[0]:<5} at {given.worth}: {rates[0].value:.2f} without, {rates[1].value:.2f} "
                f"with  {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--task", default="sorting:n=3")
    parser.add_argument("--wording", default="document")
    parser.add_argument("--split", default="comma", help="where a step ends")
    parser.add_argument("--items", type=int, default=60, help="of each split")
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--each", type=int, default=3, help="labels of an item, right and wrong ones")
    parser.add_argument("--shots", type=int, default=4)
    parser.add_argument("--on", default="tune", choices=("tune", "exam"))
    parser.add_argument("--head", action="store_true")
    parser.add_argument("--worth", type=int, default=8, help="with --head: the budget, in answers")
    given = parser.parse_args()
    from nightschool import config

    model, world = Kept(open_model(given.model, config.read(None))), open_world(given.task)
    splits = (Split.PRACTICE, Split(given.on))
    practised, met = (drawn(model, world, which, given) for which in splits)
    labels = labels_of(practised, given.each)
    print(
        f"{given.task}: {len(labels)} labels on {len(practised)} practice items; choosing on {len(met)} of {given.on}"
    )
    truths = [[bool(t.verdict and t.verdict.passed) for t in trace.thoughts] for trace in met]
    sizes = [n for n in SIZES if n <= given.draws]
    for features in ("text", "hidden", "judge"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "critic.json"
            found = learn_file(labels, path, features, model=lambda: model)  # type: ignore[arg-type, return-value]
            critic = learned(str(path))
        assert found.taught.held_out is not None
        held = found.taught.held_out
        print(
            f"{features}: agrees with labels left out in {held.value:.2f} [{held.low:.2f}, {held.high:.2f}], "
            f"always the usual {found.taught.usual:.2f}"
        )
        for row in chosen_by(scores_of(model, critic, met), truths, sizes):
            print(
                f"  best of {row.n:>2}: right {row.truth.value:.2f} [{row.truth.low:.2f}, {row.truth.high:.2f}], "
                f"believed {row.believed:.2f}, possible {row.possible:.2f}", flush=True,
            )  # fmt: skip
    if given.head:
        heads(model, world, given, practised, [trace.task.item for trace in met])
    print(f"chance of a draw: {np.mean([np.mean(row) for row in truths]):.3f}", file=sys.stderr)


if __name__ == "__main__":
    main()

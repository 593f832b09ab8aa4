"""What past searches teach later ones: `python benchmarks/sleep_values.py [--tasks A;B] [--worth 4] [--out FILE]`.

Practice items are thought about once; a value head learns from the hidden state at the end of every step of those
answers how likely the rest is to pass, and another from how the same beginnings look as text. Printed is

- how well each tells beginnings that end well from others, on items that neither learned from (five folds; area under
  the curve with a bootstrap interval over items, and the difference of the two, paired);
- success on exam items at equal budgets before and after: the same beam and the same MCTS, ordered by log-probability
  or by rollouts, and by the head. No step critic is asked; the verifier sees whole answers only.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nightschool import config
from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.learn import fold_of, learn_states, learn_text
from nightschool.critics.learning.traits import matrix, traits
from nightschool.drive import Drive
from nightschool.items import Split, Trace
from nightschool.models.resolve import open_model
from nightschool.stats import difference, holm, mcnemar, wilson
from nightschool.stats.bootstrap import bootstrap_mean
from nightschool.stats.paired import Paired
from nightschool.surface.thinking.value_heads import states_of, teach
from nightschool.surface.thinking.value_heads import told as said
from nightschool.think.value_head import beginnings
from nightschool.worlds.open import open_world
from think_curves import MANY, Cells, jobs_of, mean, solved

FAMILIES = {"sorting:n=3": ("document", "comma"), "arithmetic:digits=2,steps=2": ("document", "semicolon")}
"""Task -> the wording that poses it, and where its steps end."""
MOST = 800  # beginnings that the two heads are held to


def odds_left_out(labels: Sequence[Label], states: np.ndarray, identity: str) -> dict[str, np.ndarray]:
    """Return the log-odds that each head gives beginnings of items that it did not learn from."""
    odds = {name: np.zeros(len(labels)) for name in ("hidden states", "text")}
    folds = np.array(fold_of([label.group for label in labels]))
    for fold in sorted(set(folds)):
        out, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        mine = [labels[i] for i in kept]
        hidden, text = learn_states(mine, states[kept], identity=identity), learn_text(mine)
        shown = [traits(labels[i].item(), labels[i].better) for i in out]
        odds["hidden states"][out] = hidden.odds(states[out])
        odds["text"][out] = text.odds(matrix(shown, text.names))
    return odds


def told_apart(odds: np.ndarray, labels: Sequence[Label]) -> dict[str, float]:
    """Return, by item that has beginnings of both ends, how often one that ends well stands above one that does not."""
    found = {}
    for group in dict.fromkeys(label.group for label in labels):
        mine = [i for i, label in enumerate(labels) if label.group == group]
        good = [odds[i] for i in mine if labels[i].wanted]
        bad = [odds[i] for i in mine if not labels[i].wanted]
        if good and bad:
            found[group] = mean([(a > b) + (a == b) / 2 for a in good for b in bad])
    return found


def family(model: Any, spec: str, given: argparse.Namespace, cells: Cells) -> list[tuple[str, float, Any]]:
    world = open_world(spec)
    wording, split = FAMILIES[spec]
    about = (model.identity[:12], world.spec, given.practice, given.draws, given.items)

    def thought(items: Any, strategy: str, tokens: int | None) -> list[Trace]:
        jobs = jobs_of(world, items, strategy, wording, given.shots, tokens)
        for job in jobs:
            job.critics.pop("step", None)
        return Drive(model).run(jobs)

    exam = world.items(Split.EXAM, given.items, 0)
    with tempfile.TemporaryDirectory() as folder:
        head = Path(folder) / "head.json"
        # the lines that a prompt shows are of practice as well: those are left out
        practice = world.items(Split.PRACTICE, given.practice + given.shots, 0)[given.shots :]
        past = thought(practice, f"best-of-n:n={given.draws}", None)
        passed = [thought.verdict.passed for trace in past for thought in trace.thoughts if thought.verdict]
        taught = teach(model, past, head, split)
        print(f"{spec}: {len(practice)} practice items, {sum(passed)} of {len(passed)} answers passed; {said(taught)}",
              flush=True)  # fmt: skip

        def heads() -> dict[str, Any]:
            found = beginnings(past, split)
            found = found[:: len(found) // MOST + 1]
            labels = [one.label for one in found]
            odds = odds_left_out(labels, states_of(model, found, past[0].task), model.identity)
            return {name: told_apart(each, labels) for name, each in odds.items()}

        apart = cells.get((*about, "heads"), heads)
        rng = np.random.default_rng(0)
        for name in ("hidden states", "text"):
            score = bootstrap_mean([[one] for one in apart[name].values()], rng)
            print(f"{spec}: beginnings of one item told apart by {name}: {score.value:.3f} [{score.low:.3f}, "
                  f"{score.high:.3f}] of {len(apart[name])} items", flush=True)  # fmt: skip
        gaps = [[apart["hidden states"][item] - apart["text"][item]] for item in apart["text"]]
        gap = bootstrap_mean(gaps, rng)
        print(f"{spec}: hidden states less text: {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]", flush=True)

        each = mean([trace.usage.tokens for trace in past]) / given.draws
        pairs = (
            (f"beam:width=4,expand=4,retries=64,split={split}", f",head={head}"),
            (f"mcts:n={MANY},split={split},value=rollout", f",head={head}"),
        )
        compared = []
        for worth in given.worth:
            tokens = math.ceil(worth * each)
            told: dict[str, Any] = {}

            def run(strategy: str, tokens: int = tokens) -> dict[str, Any]:
                traces = thought(exam, strategy, tokens)
                return {
                    "outcomes": [solved(world, t) for t in traces],
                    "tokens": mean([t.usage.tokens for t in traces]),
                }

            ways = {"best-of-n": f"best-of-n:n={MANY},first_pass=true,wave=4"}
            for before, more in pairs:
                kind = before.partition(":")[0]
                ways[kind] = before
                ways[f"{kind} with the head"] = before.replace("value=rollout", "value=head") + more
            for name, strategy in ways.items():
                told[name] = cells.get((*about, name, worth), lambda strategy=strategy: run(strategy))
                rate = wilson(sum(told[name]["outcomes"]), len(exam))
                print(f"{spec:<28} {worth:>3}  {name:<20} {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]  "
                      f"{told[name]['tokens']:6.0f} tok", flush=True)  # fmt: skip
            for kind in ("beam", "mcts"):
                paired = Paired.of(told[kind]["outcomes"], told[f"{kind} with the head"]["outcomes"])
                compared.append((f"{spec} at {worth}: {kind} with the head less without", mcnemar(paired),
                                 difference(paired)))  # fmt: skip
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--practice", type=int, default=60)
    parser.add_argument("--draws", type=int, default=16, help="answers to each practice item")
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--shots", type=int, default=4)
    parser.add_argument("--worth", type=lambda text: [int(part) for part in text.split(",")], default=[4])
    parser.add_argument("--tasks", type=lambda text: text.split(";"), default=list(FAMILIES), help="apart by ;")
    parser.add_argument("--out", type=Path, help="a file of finished cells, to go on with")
    given = parser.parse_args()
    model, cells = open_model(given.model, config.read(None)), Cells(given.out)
    compared = [row for spec in given.tasks for row in family(model, spec, given, cells)]
    for (name, p, gap), adjusted in zip(compared, holm([p for _, p, _ in compared]), strict=True):
        print(f"{name:<64} {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]  p {p:.4f}, with Holm {adjusted:.4f}")
    model.close()


if __name__ == "__main__":
    main()

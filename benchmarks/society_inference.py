"""What the society's inference is worth: `python benchmarks/society_inference.py [--json] [--quick]`.

compose      held-out pairs of an attribute and an object, both named right from one noisy scene (purple jar)
contradict   pairs of words judged coherent or not: AUROC; and the culprits named among four words (stationary dancing)
crowd        a thousand members: how many are consulted for a scene, and whether the object is found
budget       error of the evidence and of a posterior mean against the exact one, over three decades of runs
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable
from typing import Any

import torch

from nightschool.items import Noise
from nightschool.society.claims.claims import Claim, Concept, active, learned
from nightschool.society.claims.explain import Explain, Index, explain
from nightschool.society.claims.society import Evidence, Society
from nightschool.society.infer import Importance, Particles, infer
from nightschool.society.primitives import normal
from nightschool.society.program import program
from nightschool.society.words.beginning import ATTRIBUTES, OBJECTS, PORTS, WORDS, beginning
from nightschool.society.words.scenes import clash, scene
from nightschool.stats.rates import wilson
from nightschool.worlds.dice import Dice

BY_NAME = {port.name: port for port in PORTS}
HELD_OUT = [(a, o) for i, a in enumerate(sorted(ATTRIBUTES)) for j, o in enumerate(sorted(OBJECTS)) if (i + j) % 4 == 0]


def schooled(each: int) -> Society:
    """Return a society that learned from `each` scenes of every pair that is not held out, and of every action."""
    pairs = [pair for pair in itertools.product(ATTRIBUTES, OBJECTS) if pair not in HELD_OUT]
    words = [
        (*pair, action)
        for pair, action in zip(pairs, itertools.cycle(sorted(WORDS.keys() - ATTRIBUTES.keys() - OBJECTS.keys())))
    ]
    seen = [scene(pair, Noise(("school", k, *pair))) for pair in [*pairs, *words] for k in range(each)]
    return Society.of(PORTS, learned([(s.words, s.values) for s in seen], BY_NAME))


def compose(society: Society, each: int, keeps: float) -> dict[str, Any]:
    """Return how often both words of a held-out pair are named. keeps: how often a thing has what its word says (the
    rest of the scenes do not show the pair, and nobody can name it); ceiling: what the true words come to."""
    right, ceiling, n = 0, 0, 0
    truth = beginning()
    for pair in HELD_OUT:
        for k in range(each):
            shown = scene(pair, Noise(("compose", k, *pair)), keeps=keeps, sees=0.99)
            right += named(society, pair, shown.evidence)
            ceiling += named(truth, pair, shown.evidence)
            n += 1
    score = wilson(right, n)
    return {"both right": right / n, "low": score.low, "high": score.high, "n": n, "pairs": len(HELD_OUT),
            "with the true words": ceiling / n}  # fmt: skip


def named(society: Society, pair: tuple[str, str], evidence: Evidence) -> bool:
    sure = {}
    for kind in (ATTRIBUTES, OBJECTS):
        claims = {name: society.members[name].consult(evidence) for name in kind}
        beliefs = society.fight(claims, evidence).marginals
        # an attribute of another kind (large) may be true of the scene too: only rivals are ruled out
        rivals = [name for name in kind if WORDS[name].keys() == WORDS[pair[kind is OBJECTS]].keys()]
        sure[kind is OBJECTS] = max(rivals, key=lambda name: float(beliefs[active(name)][1]))
    return (sure[False], sure[True]) == pair


def contradict(society: Society, each: int) -> dict[str, Any]:
    pairs = list(itertools.combinations(sorted(WORDS), 2))
    worst = {pair: min((c.nats for c in society.conflicts(pair, below=math.inf)), default=0.0) for pair in pairs}
    bad, good = ([worst[pair] for pair in pairs if clash(*pair) is is_bad] for is_bad in (True, False))
    auroc = sum((b < g) + 0.5 * (b == g) for b in bad for g in good) / (len(bad) * len(good))
    named, n = 0, 0
    dice = Dice(Noise(("culprits",)))
    while n < each:
        words = tuple(dice.shuffled(sorted(WORDS))[:4])
        culprits = [set(pair) for pair in itertools.combinations(words, 2) if clash(*pair)]
        if len(culprits) == 1:
            found = society.conflicts(words)
            named += bool(found) and {found[0].first, found[0].second} == culprits[0]
            n += 1
    return {"auroc": auroc, "contradictions": len(bad), "coherent": len(good), "culprits named": named / n, "n": n}


def one_hot(size: int, value: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(value), size).double()


def crowd(society: Society, queries: int) -> dict[str, Any]:
    members = list(society.members.values())
    for k in range(1000 - len(members)):
        dice = Dice(Noise(("crowd", k)))
        chosen = [(port, dice.below(port.size)) for port in dice.shuffled(PORTS)[:4]]
        claims = [Claim(f"thing{k}", port.name, one_hot(port.size, value), 0.95) for port, value in chosen]
        members.append(Concept(f"thing{k}", tuple(claims)))
    everyone = Society.of(PORTS, members)
    search = Explain(everyone, Index.of(everyone), wide=25)
    asked, found, settled, began = 0, 0, 0, time.process_time()
    for k in range(queries):
        name = Dice(Noise(("query", k))).pick(sorted(OBJECTS))
        state = explain(search, scene((name,), Noise(("query", k, name)), keeps=1.0, sees=0.999).evidence)
        asked += len(state.consulted)
        settled += state.beliefs is not None and state.beliefs.converged
        found += name in [who for who, _ in search.best(state)][:10]
    cpu = (time.process_time() - began) / queries
    return {"consulted": asked / queries / 1000, "object among the ten best": found / queries,
            "settled": settled / queries, "queries": queries, "cpu_s": cpu}  # fmt: skip


@program
def drift(steps: int) -> Any:
    x = yield "x0", normal(0.0, 1.0)
    yield "y0", normal(x, 0.5)
    for t in range(1, steps):
        x = yield f"x{t}", normal(0.9 * x, 0.4)
        yield f"y{t}", normal(x, 0.5)
    return x


SEEN = (0.3, 0.9, 1.4, 0.8, 0.2, -0.5, -0.7)


def kalman() -> tuple[float, float]:
    """Return log p(SEEN) and the mean of the last state, exactly."""
    mean, var, total = 0.0, 1.0, 0.0
    for t, y in enumerate(SEEN):
        if t:
            mean, var = 0.9 * mean, 0.81 * var + 0.16
        spread = var + 0.25
        total -= 0.5 * math.log(2 * math.pi * spread) + (y - mean) ** 2 / (2 * spread)
        mean, var = mean + var / spread * (y - mean), var * 0.25 / spread
    return total, mean


def budget(repeats: int, most: int) -> dict[str, Any]:
    log_z, mean = kalman()
    given = {f"y{t}": y for t, y in enumerate(SEEN)}
    stages = [((t + 1,), [f"y{t}"]) for t in range(len(SEEN))]
    ways: dict[str, Callable[[int], Any]] = {"importance": Importance, "particles": lambda n: Particles(n, stages)}
    rows = []
    for name, by in ways.items():
        for n in [10 * 4**k for k in range(10) if 10 * 4**k <= most]:
            runs = [infer(drift(len(SEEN)), given, Noise(("budget", k)), by(n)) for k in range(repeats)]
            errors = [abs(run.log_z - log_z) for run in runs]
            off = [abs(float(run.expect(f"x{len(SEEN) - 1}")) - mean) for run in runs]
            rows.append({"by": name, "runs": n, "log_z error": sum(errors) / repeats, "mean error": sum(off) / repeats})
    return {"exact log_z": log_z, "exact mean": mean, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    part = 1 if chosen.quick else 10
    society = schooled(each=2 if chosen.quick else 6)
    facts = {
        "compose": compose(society, 2 * part, keeps=1.0),
        "compose, one port in twenty otherwise": compose(society, part, keeps=0.95),
        "contradict": contradict(society, 20 * part),
        "crowd": crowd(society, 2 * part),
        "budget": budget(4 * part, 2560 if chosen.quick else 10240),
    }
    for name, figure in facts.items():
        if name != "budget":
            print(f"{name}: " + ", ".join(f"{k} {v:.3g}" for k, v in figure.items()))
    for row in facts["budget"]["rows"]:
        print(f"budget     {row['by']:10} {row['runs']:6} runs: log Z off by {row['log_z error']:.3f} nats, "
              f"mean by {row['mean error']:.3f}")  # fmt: skip
    if chosen.json:
        print(json.dumps(facts))


if __name__ == "__main__":
    main()

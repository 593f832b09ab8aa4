"""Against other libraries' own searches: `python benchmarks/think_peers.py --peers FOLDER [--items 40] [--out FILE]`.

treequest (AB-MCTS-A) and its_hub (best-of-n, particle filtering) run as they are published, over the same model, tasks,
prompts, sampling, verifiers and step critics, and the same count of sampled tokens for each question. They live in a
folder of their own, made once, which nothing else sees:

    pip install --no-deps --target FOLDER treequest==0.3.3 its-hub==1.2.0 joblib ulid-py

AB-MCTS    a new answer from the prompt, or a refinement of an earlier one, quoting it and what the verifier said (as
           `revise` does); its score is the verifier's; ended by the token budget
PF         one particle for each unit of budget; steps as ours, scored by the step critic, the verifier at the end
best-of-n  one answer for each unit of budget

Ours are chosen on tune items at the smallest budget: the strategy that solves most there is what is held against each
of theirs on exam items, paired, mid-p McNemar, Holm over all comparisons of the run. Plain best-of-n is held to the
others as well.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Reply
from nightschool.critics.judging import judge
from nightschool.drive import Drive, Job
from nightschool.items import Noise, Prefix, Segment, Split, Task, Thought
from nightschool.models.resolve import open_model
from nightschool.ports import Model, World
from nightschool.search.tree import Tree
from nightschool.stats import difference, holm, mcnemar, wilson
from nightschool.stats.paired import Paired
from nightschool.think.revise import quoting
from nightschool.think.standing import standing
from nightschool.think.steps import ENDS
from nightschool.worlds.open import open_world
from think_curves import FAMILIES, MANY, Cells, jobs_of, mean, right, solved

ENDED = "<ended>"
"""How a step says that its answer ended: its_hub looks for a stop token in the text."""
OURS = ("beam:width=4,expand=4,retries=64", "smc:n=4,sweeps=4096,grow=2", "mcts:n=4096")
BEST_OF_N = f"best-of-n:n={MANY},first_pass=true,wave=4"


@dataclass(frozen=True)
class Climb:
    """treequest's tree, and the trial under way. waiting: what is asked; born: the thought that is judged."""

    task: Task
    noise: Noise
    algo: Any
    grown: Any
    tree: Tree = field(default_factory=Tree)
    trial: Any = None
    judging: bool = False
    number: int = 0
    over: bool = False


@dataclass(frozen=True)
class AbMcts:
    """treequest's ABMCTSA behind our port, so that our drive counts its tokens and keeps its budget."""

    treequest: Any

    @property
    def spec(self) -> str:
        """Return what reports call it."""
        return "treequest AB-MCTS-A"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the verifier, whose score it climbs."""
        return frozenset(("verifier",))

    def start(self, task: Task, noise: Noise) -> Climb:
        """Return an empty tree and its first trial."""
        algo = self.treequest.ABMCTSA()
        return self._next(Climb(task, noise, algo, algo.init_tree()))

    def _next(self, state: Climb) -> Climb:
        grown, (trial,) = state.algo.ask_batch(state.grown, 1, ["answer"])
        return replace(state, grown=grown, trial=trial, number=state.number + 1)

    def ask(self, state: Climb) -> Sequence[Ask]:
        """Return the answer or the refinement that the tree asks for, or its judgement."""
        if state.over:
            return ()
        if state.judging:
            return (Judge(f"judge-{len(state.tree)}", state.task.item, state.tree[len(state.tree) - 1].answer),)
        parent = state.trial.parent_state
        task, prompt = state.task, state.task.prompt
        noise, number = state.noise, sum(thought.parent is None for thought in state.tree)
        if parent is not None:
            verdict = state.tree[parent].verdict
            assert verdict is not None
            prompt = quoting(prompt, state.tree[parent].answer, verdict)
            noise, number = state.noise.child("refine"), state.number
        return (Propose(f"try-{state.number}", Prefix(prompt), 1, task.sampling, noise, task.adapter, number),)

    def tell(self, state: Climb, replies: Sequence[Reply]) -> Climb:
        """Return the state with an answer or a verdict taken in; a refusal ends it."""
        for reply in replies:
            if isinstance(reply, Proposed):
                prefix = self.ask(state)[0].prefix
                tree = state.tree.grow(prefix, reply.draws, state.trial.parent_state)
                state = replace(state, tree=tree, judging=True)
            elif isinstance(reply, Judged):
                id = len(state.tree) - 1
                verdict = reply.verdict
                tree = state.tree.judged(id, verdict)
                grown = state.algo.tell(state.grown, state.trial.trial_id, (id, verdict.score))
                state = replace(state, tree=tree, grown=grown, judging=False, over=verdict.passed)
                state = state if state.over else self._next(state)
            else:
                state = replace(state, over=True)
        return state

    def best(self, state: Climb) -> Thought | None:
        """Return the answer that stands highest."""
        return max(state.tree, key=standing, default=None)

    def thoughts(self, state: Climb) -> Sequence[Thought]:
        """Return all answers."""
        return state.tree.thoughts


class Engine:
    """Our model behind coroutines: whatever waits for draws shares its batches. tokens: sampled, by item."""

    def __init__(self, model: Model) -> None:
        self.model, self.tokens = model, dict[str, int]()
        self.waiting: dict[str, asyncio.Future[Proposed]] = {}
        self.asked = 0

    async def propose(self, item: str, ask: Propose) -> Proposed:
        """Return what the model says, in whatever batch it comes to."""
        self.asked += 1
        named = replace(ask, id=str(self.asked))
        self.waiting[named.id] = asyncio.get_running_loop().create_future()
        self.model.submit([named])
        reply = await self.waiting[named.id]
        self.tokens[item] = self.tokens.get(item, 0) + reply.usage.sampled_tokens
        return reply

    async def run(self, work: Sequence[Any]) -> list[Any]:
        """Return the results of all coroutines, stepping the model while they wait."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(4):  # let all that can go on come to its next draw
                await asyncio.sleep(0)
            if self.waiting:
                for reply in self.model.step().replies:
                    self.waiting.pop(reply.id).set_result(reply)
        return [task.result() for task in tasks]


def its_hub_answers(
    hub: Mapping[str, Any], engine: Engine, world: World, jobs: Sequence[Job], split: str, worth: int, filtered: bool
) -> list[str]:
    """Return the answer of its_hub's best-of-n, or of its particle filtering, to each of `jobs`."""
    ends = ENDS[split.partition(",")[0]]
    size = 0 if ends else int(split.rpartition("=")[2])

    async def one(job: Job) -> str:
        task, item = job.task, job.task.item
        drawn = [0]

        class Speaker(hub["AbstractLanguageModel"]):
            async def agenerate_single(self, messages: Any, stop: Any = None, **_: Any) -> dict[str, Any]:
                prefix = Prefix(task.prompt)
                before = str(messages[-1].content) if messages[-1].role == "assistant" else ""
                sampling = task.sampling
                if before:
                    prefix = prefix.append(Segment(before))
                left = sampling.max_tokens - (engine.model.count_tokens(before) if before else 0)
                if left < 1:
                    return {"role": "assistant", "content": ENDED}
                if filtered:
                    sampling = replace(sampling, max_tokens=min(left, size or left), stop=sampling.stop + ends)
                drawn[0] += 1
                noise = job.noise if not filtered else job.noise.child("its_hub", drawn[0])
                ask = Propose("", prefix, 1, sampling, noise, first_draw=drawn[0] - 1 if not filtered else 0)
                (draw,) = (await engine.propose(item.id, ask)).draws
                on = filtered and (draw.stopped_by in ends or (bool(size) and draw.finish == "length"))
                return {"role": "assistant", "content": draw.segment.text + ("" if on or not filtered else ENDED)}

            async def agenerate(self, messages: Any, stop: Any = None, **more: Any) -> Any:
                if isinstance(messages[0], list):
                    return list(await asyncio.gather(*(self.agenerate_single(each) for each in messages)))
                return await self.agenerate_single(messages)

        def score(answer: str, whole: bool) -> float:
            critic = job.critics.get("verifier" if whole else "step")
            return 0.5 if critic is None else judge(critic, item, answer.strip()).score

        class Outcome(hub["AbstractOutcomeRewardModel"]):
            def score(self, messages: Any, **_: Any) -> Any:
                return [score(str(each[-1].content), True) for each in messages]

            async def ascore(self, messages: Any, orchestrator: Any = None, **_: Any) -> Any:
                return self.score(messages)

        class Process(hub["AbstractProcessRewardModel"]):
            def score(self, prompt_or_messages: Any, steps: Any) -> Any:
                return [score(each.replace(ENDED, ""), ENDED in each) for each in steps]

            async def ascore(self, prompt_or_messages: Any, steps: Any) -> Any:
                return self.score(prompt_or_messages, steps)

        if filtered:
            steps = hub["StepGeneration"](
                max_steps=64, stop_token=ENDED, temperature=1.0,
                **({"step_token": ends[0]} if ends else {"tokens_per_step": size}),
            )  # fmt: skip
            algorithm = hub["ParticleGibbs"](steps, Process(), num_iterations=1)
        else:
            algorithm = hub["BestOfN"](Outcome())
        told = await algorithm.ainfer(Speaker(), str(task.item.id), budget=worth)
        return str(told["content"]).replace(ENDED, "").strip()

    return asyncio.run(engine.run([one(job) for job in jobs]))


def import_hub() -> dict[str, Any]:
    from its_hub import api
    from its_hub.core.algorithms.bon import BestOfN
    from its_hub.core.algorithms.particle_gibbs import ParticleGibbs
    from its_hub.core.lms.step_generation import StepGeneration

    names = ("AbstractLanguageModel", "AbstractOutcomeRewardModel", "AbstractProcessRewardModel")
    found: dict[str, Any] = {name: getattr(api, name) for name in names}
    return {**found, "BestOfN": BestOfN, "ParticleGibbs": ParticleGibbs, "StepGeneration": StepGeneration}


def family(model: Model, spec: str, given: argparse.Namespace, cells: Cells) -> list[tuple[str, float, Any]]:
    """Return each comparison on one task: its name, its p, its outcomes."""
    import treequest

    hub, world = import_hub(), open_world(spec)
    wording, split = FAMILIES[spec]
    about = (model.identity[:12], spec, given.items, given.shots)
    exam, tune = (world.items(which, n, 0) for which, n in ((Split.EXAM, given.items), (Split.TUNE, given.tune)))

    def jobs(items: Any, strategy: str, tokens: int | None) -> list[Job]:
        return jobs_of(world, items, strategy, wording, given.shots, tokens)

    def run(items: Any, strategy: str, tokens: int | None) -> dict[str, Any]:
        traces = Drive(model).run(jobs(items, strategy, tokens))
        return {"outcomes": [solved(world, t) for t in traces], "tokens": mean([t.usage.tokens for t in traces])}

    def climb(tokens: int) -> dict[str, Any]:
        random.seed(0)
        np.random.seed(0)
        base = jobs(exam, "best-of-n:n=1", tokens)
        traces = Drive(model).run([replace(job, search=AbMcts(treequest)) for job in base])
        return {"outcomes": [solved(world, t) for t in traces], "tokens": mean([t.usage.tokens for t in traces])}

    def hubbed(worth: int, filtered: bool) -> dict[str, Any]:
        random.seed(0)
        np.random.seed(0)
        engine, base = Engine(model), jobs(exam, "best-of-n:n=1", None)
        said = its_hub_answers(hub, engine, world, base, split, worth, filtered)
        outcomes = [right(world, job.task.item, answer) for job, answer in zip(base, said, strict=True)]
        return {"outcomes": outcomes, "tokens": mean(list(engine.tokens.values()))}

    each = cells.get((*about, "each"), lambda: run(exam, "best-of-n:n=4", None))["tokens"] / 4
    rollout = "" if world.step_critic is not None else ",value=rollout"
    ours = [f"{one},split={split}" + (rollout if one.startswith("mcts") else "") for one in OURS]
    least = math.ceil(given.worth[0] * each)
    tried = {one: cells.get((*about, "tune", one), lambda one=one: run(tune, one, least)) for one in (*ours, BEST_OF_N)}
    chosen = max(tried, key=lambda one: mean(tried[one]["outcomes"]))
    print(f"{spec}: chosen on {len(tune)} tune items: {chosen}", file=sys.stderr)
    compared = []
    for worth in given.worth:
        tokens = math.ceil(worth * each)
        ways: dict[str, Callable[[], dict[str, Any]]] = {
            "ours": lambda tokens=tokens: run(exam, chosen, tokens),
            "ours, plain best-of-n": lambda tokens=tokens: run(exam, BEST_OF_N, tokens),
            "treequest AB-MCTS-A": lambda tokens=tokens: climb(tokens),
            "its_hub best-of-n": lambda worth=worth: hubbed(worth, False),
            "its_hub particle filtering": lambda worth=worth: hubbed(worth, True),
        }
        told = {}
        for name, way in ways.items():
            told[name] = cells.get((*about, name, chosen if name == "ours" else "", worth), way)
            rate = wilson(sum(told[name]["outcomes"]), len(exam))
            print(
                f"{spec:<28} {worth:>3}  {name:<28} {rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]  "
                f"{told[name]['tokens']:6.0f} tok", flush=True,
            )  # fmt: skip
        for name in list(ways)[1:]:
            paired = Paired.of(told[name]["outcomes"], told["ours"]["outcomes"])
            compared.append((f"{spec} at {worth}: ours less {name}", mcnemar(paired), difference(paired)))
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, required=True, help="where treequest and its_hub are")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--tune", type=int, default=24, help="tune items that choose our strategy")
    parser.add_argument("--shots", type=int, default=4)
    parser.add_argument("--worth", type=lambda text: [int(part) for part in text.split(",")], default=[4, 16, 64])
    parser.add_argument("--tasks", type=lambda text: text.split(";"), default=list(FAMILIES), help="apart by ;")
    parser.add_argument("--out", type=Path, help="a file of finished cells, to go on with")
    given = parser.parse_args()
    sys.path.append(str(given.peers))
    from nightschool import config

    model, cells = open_model(given.model, config.read(None)), Cells(given.out)
    compared = [row for spec in given.tasks for row in family(model, spec, given, cells)]
    for (name, p, gap), adjusted in zip(compared, holm([p for _, p, _ in compared]), strict=True):
        print(f"{name:<70} {gap.value:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]  p {p:.4f}, with Holm {adjusted:.4f}")
    behind = sum(gap.value < -0.05 for _, _, gap in compared)
    print(f"{len(compared)} comparisons; ours is behind by more than 0.05 in {behind}")
    model.close()


if __name__ == "__main__":
    main()

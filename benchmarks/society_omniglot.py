"""One-shot classification of drawn characters: `python benchmarks/society_omniglot.py [--background] [--json]`.

Twenty characters of one alphabet, one drawing of each by one person; twenty drawings by another person, each judged
alone by analysis by synthesis: the standard runs of Omniglot. Nothing is trained on their alphabets; the constants were
chosen on the small background sets, where --background measures the same and prints the weights that it fits.

Reads ../shared/data/omniglot (https://github.com/brendenlake/omniglot), or the folder that --data names.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import zipfile
from pathlib import Path

import matplotlib.image
import torch

from nightschool.items import Noise
from nightschool.society.strokes.ink import trace_ink
from nightschool.society.strokes.judge import FEATURES, WEIGHTS, judge
from nightschool.society.strokes.recognise import POOR
from nightschool.stats.rates import wilson
from nightschool.worlds.dice import Dice

PEOPLE = {"people": 4.5, "BPL": 3.3, "RCN": 7.3, "pixels": 81.0, "modified Hausdorff": 38.8}  # percent wrong


def ink_of(data: bytes) -> torch.Tensor:
    return (torch.tensor(matplotlib.image.imread(io.BytesIO(data), format="png")) < 0.5).float()


def standard_runs(folder: Path) -> list[tuple[list[torch.Tensor], list[torch.Tensor], list[int]]]:
    """Return known drawings, new drawings, and which known one each new one is of, for each run."""
    runs = []
    for run in sorted(folder.glob("run[0-9]*")):
        pairs = [line.split() for line in (run / "class_labels.txt").read_text().splitlines() if line.strip()]
        known = sorted({name for _, name in pairs})
        images = [[ink_of((folder / name).read_bytes()) for name in names] for names in (known, [a for a, _ in pairs])]
        runs.append((images[0], images[1], [known.index(name) for _, name in pairs]))
    return runs


def background_runs(folder: Path, each: int = 2) -> list[tuple[list[torch.Tensor], list[torch.Tensor], list[int]]]:
    """Return runs of the same kind, `each` of every background alphabet of at least twenty characters."""
    runs = []
    for archive in sorted(folder.glob("images_background_small*.zip")):
        with zipfile.ZipFile(archive) as files:
            drawings: dict[str, dict[str, list[str]]] = {}
            for name in sorted(files.namelist()):
                parts = name.split("/")
                if name.endswith(".png"):
                    drawings.setdefault(parts[1], {}).setdefault(parts[2], []).append(name)
            for alphabet, characters in sorted(drawings.items()):
                for k in range(each if len(characters) >= 20 else 0):
                    dice = Dice(Noise((archive.name, alphabet, k)))
                    chosen = dice.shuffled(sorted(characters))[:20]
                    first, second = dice.shuffled(range(20))[:2]
                    runs.append((
                        [ink_of(files.read(characters[c][first])) for c in chosen],
                        [ink_of(files.read(characters[c][second])) for c in chosen],
                        list(range(20)),
                    ))  # fmt: skip
    return runs


def fitted(features: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the weights [7] of highest likelihood, with a small ridge."""
    scale = features.std((0, 1)) + 1e-6
    weights = torch.zeros(len(WEIGHTS), requires_grad=True)
    climber = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        climber.zero_grad()
        value = torch.nn.functional.cross_entropy((features / scale) @ weights, truth) + 0.001 * (weights**2).sum()
        value.backward()
        return value

    climber.step(loss)
    return weights.detach() / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/omniglot")
    parser.add_argument(
        "--background", action="store_true", help="measure on background alphabets, and fit the weights"
    )
    parser.add_argument("--every", type=int, default=1, help="judge every Nth new drawing")
    parser.add_argument(
        "--added", type=int, default=0, help="for each drawing, learn that many more characters, each by "
        "itself, of other runs, and count the right ones that are lost by it",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        sys.exit(f"{chosen.data} is not there; clone https://github.com/brendenlake/omniglot and name it with --data")
    torch.set_num_threads(1)
    runs = background_runs(chosen.data) if chosen.background else standard_runs(chosen.data)
    wrong, trials, cpu, all_features, truths, log_loss, poor = [], 0, 0.0, [], [], 0.0, 0
    lost, added = 0, 0
    for number, (known, new, truth) in enumerate(runs):
        errors = 0
        others = [image for other, (images, _, _) in enumerate(runs) if other != number for image in images]
        for image, right in list(zip(new, truth, strict=True))[:: chosen.every]:
            began = time.process_time()
            judged = judge(trace_ink([image]), trace_ink(known))  # nothing is kept from trial to trial
            cpu += time.process_time() - began
            trials += 1
            errors += int(judged.evidence.argmax()) != right
            if chosen.added and int(judged.evidence.argmax()) == right:  # each of the others is learned by itself
                more = Dice(Noise(("added", number, trials))).shuffled(others)[: chosen.added]
                evidence = judge(trace_ink([image]), trace_ink(more)).evidence
                lost += int((evidence > judged.evidence[right]).sum())
                added += len(more)
            log_loss -= float(judged.posterior[right].log())
            poor += float(judged.fit[right]) < POOR
            all_features.append(judged.features)
            truths.append(right)
        wrong.append(errors)
        print(f"run {number + 1:2}: {errors} wrong of {len(new[:: chosen.every])}", flush=True)
    score = wilson(sum(wrong), trials)
    rate = 100 * sum(wrong) / trials
    print(f"wrong: {rate:.1f}% [{100 * score.low:.1f}, {100 * score.high:.1f}] of {trials} trials")
    print(f"log-loss {log_loss / trials:.3f} nats; {cpu / trials:.2f} CPU-seconds a trial")
    print(f"right characters that would not count as explained: {poor} of {trials}")
    if added:
        spoiled = wilson(lost, added)
        print(f"right drawings lost to one more concept: {lost} of {added} "
              f"[{100 * spoiled.low:.2f}%, {100 * spoiled.high:.2f}%]")  # fmt: skip
    print("for comparison: " + ", ".join(f"{name} {percent}%" for name, percent in PEOPLE.items()))
    weights = None
    if chosen.background:
        weights = fitted(torch.stack(all_features), torch.tensor(truths)).tolist()
        print("fitted weights: " + ", ".join(f"{n}: {w:.2f}" for n, w in zip(FEATURES, weights, strict=True)))
    if chosen.json:
        facts = {"wrong": sum(wrong), "trials": trials, "by_run": wrong, "cpu_s_per_trial": cpu / trials,
                 "log_loss": log_loss / trials, "fitted": weights, "background": chosen.background,
                 "lost": lost, "added": added}  # fmt: skip
        print(json.dumps(facts))


if __name__ == "__main__":
    main()

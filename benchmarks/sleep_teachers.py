"""Four teachers on the same budget: `python benchmarks/sleep_teachers.py [--worlds chess] [--seeds 3]`.

One small net learns a world from nothing: first a few steps of imitation, the same for all, then as many gradient steps
in each way, every step on as many learned tokens. How far does it get by itself, greedily, on exam items?

imitation       whole runs of the expert
autonomous      whole runs of its own that turned out right (8 draws an item at temperature 1), by the verifier
guided r        the expert goes on from where the learner came to; the share r of lessons begins after a mistake
taught          short stretches from where it first goes wrong, the same ones until they are cracked; in chess, its
                partner is itself

automaton   the state after every letter of a word, 12 letters; the machine is drawn anew in every item
sorting     eight numbers of 1 to 40 into order, one after the other
chess       legal moves, in UCI notation, after the moves so far; Stockfish is the expert; an illegal move is replaced
            by the expert's, and the game goes on to 24 plies

Printed for each way: the coherence horizon, steps until half of the runs have made their first mistake by the error per
step (`stats.steps.horizon`, bootstrap over runs, seeds pooled), error and recovery, whole runs right, and the learned
tokens it took. Runs that are kept in --kept FOLDER are not done again.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chess
import numpy as np
import torch

from nightschool.items import Item, Lesson, Noise, Prompt, Split
from nightschool.paths import write_durably
from nightschool.sleep.lessons.teachers import Drill, Run, Walk, guided, imitated, succeeded, walked
from nightschool.stats.steps import horizon, two_state
from nightschool.train.examples import Example
from nightschool.train.scratch import Schooling, Size, newborn, teach, word_tokenizer
from nightschool.uci import Engine
from nightschool.worlds.automaton import Automaton, run
from nightschool.worlds.chess import Chess
from nightschool.worlds.sorting import Sorting

ARMS = ("imitation", "autonomous", "guided 0", "guided 0.25", "guided 0.5", "taught")
LEVEL = 0.5


@dataclass(frozen=True)
class State:
    """item: where it began; done: the steps so far, in chess those of the board; made: how many the learner made."""

    item: Item
    done: tuple[str, ...] = ()
    made: int = 0


class Following:
    """A world whose right steps the item determines; a wrong step stands, and the right one of its place is next."""

    def __init__(self, items: Callable[[Split, int], Sequence[Item]], read: Callable[[Item], str],
                 steps: Callable[[Item], Sequence[str]], words: Sequence[str], size: Size) -> None:  # fmt: skip
        self._items, self._read, self._steps = items, read, steps
        self.words, self.size = [*words, "="], size

    def starts(self, split: Split, count: int) -> list[State]:
        """Return `count` starts of `split`."""
        return [State(item) for item in self._items(split, count)]

    def key(self, state: State) -> str:
        """Return the leak key of the item."""
        return state.item.key

    def prompt(self, state: State) -> Prompt:
        """Return what was done so far, as words."""
        return Prompt(text=" ".join([self._read(state.item), "=", *state.done]))

    def expert(self, state: State) -> str:
        """Return the right next step."""
        return self._steps(state.item)[len(state.done)]

    def right(self, state: State, step: str) -> bool:
        """Return whether `step` is right."""
        return step == self.expert(state)

    def after(self, state: State, step: str) -> State:
        """Return where `step` leads."""
        return State(state.item, (*state.done, step), state.made + 1)

    def over(self, state: State) -> bool:
        """Return whether the walk has ended."""
        return len(state.done) >= len(self._steps(state.item))

    def written(self, state: State, steps: Sequence[str]) -> str:
        """Return steps as words."""
        return " ".join(steps)


class Games:
    """Chess as a walk: any legal move is right. The expert's moves are kept, since positions come up again."""

    size = Size(hidden=96, layers=3, heads=6, context=64)
    plies, nodes = 24, 60

    def __init__(self) -> None:
        self._engine = Engine("stockfish")
        self._best: dict[str, str] = {}
        squares = list(chess.SQUARES)
        lines = [
            chess.Move(a, b).uci() for a in squares for b in squares
            if a != b and (
                chess.square_file(a) == chess.square_file(b)
                or abs(chess.square_file(a) - chess.square_file(b)) == abs(chess.square_rank(a) - chess.square_rank(b))
                or chess.square_rank(a) == chess.square_rank(b) or chess.square_distance(a, b) == 2
            )
        ]  # fmt: skip
        queens = [move + "q" for move in lines if move[1] + move[3] in ("78", "21")]
        self.words = [*lines, *queens, "="]

    def starts(self, split: Split, count: int) -> list[State]:
        """Return `count` starts of `split`."""
        found = []
        for item in Chess(ask="legal", plies=4).items(split, count):
            board, moves = chess.Board(), []
            for word in item.inputs["moves"].replace(".", ". ").split():
                if not word.endswith("."):
                    moves.append(board.push_san(word).uci())
            found.append(State(item, tuple(moves)))
        return found

    def key(self, state: State) -> str:
        """Return the leak key of the item."""
        return state.item.key

    def prompt(self, state: State) -> Prompt:
        """Return what was done so far, as words."""
        return Prompt(text=" ".join(["=", *state.done]))

    def board(self, state: State) -> chess.Board:
        """Return the position."""
        board = chess.Board()
        for move in state.done:
            board.push_uci(move)
        return board

    def expert(self, state: State) -> str:
        """Return the right next step."""
        board = self.board(state)
        fen = board.fen()
        if fen not in self._best:
            move = self._engine.think(fen, self.nodes).move or "0000"
            self._best[fen] = move if move[4:] in ("", "q") else move[:4] + "q"
        return self._best[fen]

    def right(self, state: State, step: str) -> bool:
        """Return whether `step` is right."""
        try:
            return self.board(state).is_legal(chess.Move.from_uci(step))
        except ValueError:
            return False

    def after(self, state: State, step: str) -> State:
        """Return where `step` leads."""
        move = step if self.right(state, step) else self.expert(state)
        return State(state.item, (*state.done, move), state.made + 1)

    def over(self, state: State) -> bool:
        """Return whether the walk has ended."""
        return len(state.done) >= self.plies or self.board(state).is_game_over()

    def written(self, state: State, steps: Sequence[str]) -> str:
        """Return moves as words."""
        return " ".join(steps)


def automaton() -> Following:
    world = Automaton(states=3, letters=2, steps=12)
    rules = lambda item: [p.replace("-> ", "").split() for p in item.inputs["rules"].split("; ")]  # noqa: E731
    read = lambda item: " ".join(  # noqa: E731
        [*(word for rule in rules(item) for word in rule), "|", item.inputs["word"], "|", item.inputs["start"]]
    )
    return Following(
        lambda split, count: world.items(split, count), read, run, [*"ABC01|"], Size(64, 3, 4, 128)
    )  # fmt: skip


def sorting() -> Following:
    world = Sorting(n=8, low=1, high=40)
    numbers = lambda item: item.inputs["numbers"].replace(",", " ")  # noqa: E731
    return Following(
        lambda split, count: world.items(split, count), numbers,
        lambda item: [str(n) for n in sorted(map(int, numbers(item).split()))],
        [str(n) for n in range(1, 41)], Size(64, 3, 4, 64),
    )  # fmt: skip


WORLDS: dict[str, Callable[[], Any]] = {"automaton": automaton, "sorting": sorting, "chess": Games}


class Net:
    """The learner. tokens: learned so far."""

    def __init__(self, walk: Any, seed: int) -> None:
        self.walk, self.tokenizer = walk, word_tokenizer(walk.words)
        self.module = newborn(walk.size, self.tokenizer, seed)
        self.names = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        self.tokens = 0

    def ids(self, text: str) -> tuple[int, ...]:
        """Return the ids of words."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))

    def steps(self, states: Sequence[Any], heat: float = 0.0, dice: torch.Generator | None = None) -> list[str]:
        """Return what the net writes next at each of `states`, greedily, or by chance at temperature `heat`."""
        rows = [self.ids(str(self.walk.prompt(state))) for state in states]
        found: list[str] = []
        for begin in range(0, len(rows), 256):
            some = rows[begin : begin + 256]
            ids = torch.zeros((len(some), max(map(len, some))), dtype=torch.long)
            for i, row in enumerate(some):
                ids[i, : len(row)] = torch.tensor(row)
            with torch.no_grad():
                hidden = self.module.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state
                last = hidden[range(len(some)), [len(row) - 1 for row in some]]
                logits = self.module.get_output_embeddings()(last)
            picks = (
                torch.multinomial((logits / heat).softmax(-1), 1, generator=dice)[:, 0] if heat else logits.argmax(-1)
            )
            found += [self.names[pick] for pick in picks.tolist()]
        return found

    def runs(self, starts: Sequence[Any], heat: float = 0.0, seed: int = 0) -> list[Run[Any]]:
        """Return what the net does from each of `starts`, all at once."""
        dice = torch.Generator().manual_seed(seed)
        here = {i: start for i, start in enumerate(starts) if not self.walk.over(start)}
        said: list[list[str]] = [[] for _ in starts]
        while here:
            order = list(here)
            for i, step in zip(order, self.steps([here[i] for i in order], heat, dice), strict=True):
                said[i].append(step)
                here[i] = self.walk.after(here[i], step)
                if self.walk.over(here[i]):
                    del here[i]
        return [walked(self.walk, start, steps) for start, steps in zip(starts, said, strict=True)]

    def learn(self, lessons: Iterator[Lesson], steps: int, budget: int, rate: float, seed: int) -> None:
        """Take `steps` gradient steps, each on `budget` learned tokens; the last lesson is cut to fit."""

        def batch(_: int) -> list[Example]:
            left, examples = budget, []
            while left > 0:
                lesson = next(lessons)
                first, answer = self.ids(str(lesson.prompt)), self.ids(lesson.answer)[:left]
                examples.append(Example((*first, *answer), len(first)))
                left -= len(answer)
            return examples

        teach(self.module, batch, Schooling(steps=steps, rate=rate, seed=seed))
        self.tokens += steps * budget


def forever(lessons: Sequence[Lesson], dice: random.Random) -> Iterator[Lesson]:
    while True:
        yield from dice.sample(lessons, len(lessons))


@dataclass(frozen=True)
class Budget:
    """first: steps of imitation for all; rounds, steps: of each way, thereafter; tokens: learned in a step."""

    first: int = 200
    rounds: int = 6
    steps: int = 50
    tokens: int = 512
    fresh: int = 192
    rate: float = 5e-3


def lessons_of(arm: str, net: Net, walk: Walk[Any], starts: Sequence[Any], plan: Budget, drill: Drill[Any],
               round_: int, dice: random.Random) -> list[Lesson]:  # fmt: skip
    """Return what one round teaches. starts: fresh practice starts, as many for every way."""
    if arm == "imitation":
        return imitated(walk, starts)
    if arm == "autonomous":
        return succeeded(walk, net.runs([start for start in starts for _ in range(8)], 1.0, seed=round_))
    heat = 1.0 if isinstance(walk, Games) else 0.5
    if arm.startswith("guided"):
        runs = net.runs(starts, heat, seed=round_)
        return guided(walk, runs, plan.steps * plan.tokens // 4, float(arm.split()[1]), dice)
    drill.take(net.runs(starts, heat, seed=round_))
    drill.asked(net.steps(drill.open))
    return drill.lessons(plan.steps * plan.tokens // drill.span, dice)


def taught(name: str, seed: int, plan: Budget, arms: Sequence[str], exam: int) -> dict[str, Any]:
    """Return by way what a net of this seed does on exam items after it."""
    walk = WORLDS[name]()
    supply = walk.starts(Split.PRACTICE, plan.fresh * (plan.rounds + 1) * 2)
    dice = random.Random(Noise((seed, name)).key())
    supply = dice.sample(supply, len(supply))
    first = supply[: plan.fresh]
    novice = Net(walk, seed)
    novice.learn(forever(imitated(walk, first), dice), plan.first, plan.tokens, plan.rate, seed)
    asked = walk.starts(Split.EXAM, exam)
    found: dict[str, Any] = {"novice": examined(novice, asked)}
    for arm in arms:
        began = time.process_time()
        net = copy.copy(novice)
        net.module = copy.deepcopy(novice.module)
        drill: Drill[Any] = Drill(walk)
        mine = random.Random(Noise((seed, name, "lessons")).key())
        empty = 0
        for round_ in range(plan.rounds):
            begin = plan.fresh * (round_ + 1) % max(1, len(supply) - plan.fresh)
            lessons = lessons_of(arm, net, walk, supply[begin : begin + plan.fresh], plan, drill, round_, mine)
            if not lessons:  # nothing succeeded, nothing is open: the round is lost
                empty += 1
                continue
            net.learn(forever(lessons, mine), plan.steps, plan.tokens, plan.rate, seed)
        found[arm] = {
            **examined(net, asked), "tokens": net.tokens - novice.tokens, "empty": empty, "cracked": drill.done,
            "cpu_s": time.process_time() - began,
        }  # fmt: skip
        print(f"{name}, seed {seed}, {arm}: {sum(all(r) for r in found[arm]['runs'])} of {exam} whole runs right, "
              f"{found[arm]['cpu_s']:.0f} CPU s", flush=True)  # fmt: skip
    return found


def examined(net: Net, starts: Sequence[Any]) -> dict[str, Any]:
    return {"runs": [[bool(visit.right) for visit in run] for run in net.runs(starts)]}


def show(name: str, seeds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Print and return the figures of a world, the runs of all seeds together."""
    figures: dict[str, Any] = {}
    print(f"{name}: {len(seeds)} seeds, {len(seeds[0]['novice']['runs'])} exam runs each")
    for arm in seeds[0]:
        runs = [run for seed in seeds for run in seed[arm]["runs"]]
        at = horizon(runs, LEVEL, np.random.default_rng(0))
        chain = two_state(runs)
        whole = sum(all(run) for run in runs) / len(runs)
        high = "no end" if at.high is None else f"{at.high:.1f}"
        steps = "more than measured" if at.steps is None else f"{at.steps:.1f}"
        back = "" if chain.recovery is None else f", back after a mistake {chain.recovery.value:.1%}"
        tokens = seeds[0][arm].get("tokens", 0)
        print(
            f"  {arm:12} horizon {steps} steps ({at.low:.1f} to {high}); error {chain.error.value:.2%} a step{back}; "
            f"{whole:.0%} whole runs right; {tokens:,} learned tokens"
        )
        figures[arm] = {"horizon": at.steps, "low": at.low, "high": at.high, "error": chain.error.value, "whole": whole,
                        "recovery": chain.recovery.value if chain.recovery else None, "tokens": tokens}  # fmt: skip
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--exam", type=int, default=200, help="exam runs a seed")
    parser.add_argument("--first", type=int, help="steps of imitation before the ways part")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int, help="gradient steps a round")
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    chosen = {name: getattr(given, name) for name in ("first", "rounds", "steps") if getattr(given, name) is not None}
    plan = Budget(**chosen)
    arms = given.arms.split(",")
    figures = {}
    for name in given.worlds.split(","):
        seeds = []
        for seed in range(given.seeds):
            path = given.kept / f"{name}-{seed}.json" if given.kept else None
            if path and path.exists():
                seeds.append(json.loads(path.read_text(encoding="utf-8")))
                continue
            seeds.append(taught(name, seed, plan, arms, given.exam))
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, json.dumps(seeds[-1]))
        figures[name] = show(name, seeds)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

"""How long does a language model play by the rules? `python benchmarks/think_chess.py [--games 40] [--plies 60]`.

The model plays against moves at random, from openings made at random. Counted are its own moves until the first one
that is not legal, for each way to play:

moves      the game so far as text, and the next move
position   the position is written out (FEN) behind the moves, by us
own FEN    the model writes the position out itself, and moves then: an inner monologue
three      three proposals, the one that comes most often
own check  three proposals, the first that passes a checker which the model wrote itself: Python, tried on practice
           positions, run in the sandbox
critic     proposals until one is legal by the rules, and after eight the likeliest legal move: legal always

A game that ends, or lasts for --plies moves of the model, is counted as that long and marked as not broken.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import chess
import numpy as np

from nightschool.asks import Weigh, Weighed
from nightschool.critics.chess_legal import read_move
from nightschool.drive import Drive, Job
from nightschool.items import Item, Noise, Prefix, Prompt, Sampling, Segment, Split, Task
from nightschool.models.resolve import open_model
from nightschool.registry import make
from nightschool.sandbox import Bubblewrap, available
from nightschool.sandbox.calls import call
from nightschool.stats import bootstrap_mean
from nightschool.think.asking import Asking
from nightschool.worlds.chess import Chess

HEAD = '[Event "Casual game"]\n[Result "*"]\n'
MOVE = Sampling(8, 1.0, stop=("\n",))
FEN = Sampling(48, 0.7, stop=("\n",))
CODE = Sampling(160, 0.8, stop=("\ndef ", "\nclass ", "\nif ", "\nprint", "\n#"))
SIGNATURE = '''import re

PIECES = "KQRBN"
FILES = "abcdefgh"


def is_well_formed(move):
    """Return whether move is written like e4, Nf3, exd5, O-O or Qxe7+."""
    return re.fullmatch(r"O-O(-O)?[+#]?|[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](=[QRBN])?[+#]?", move) is not None


def is_legal(fen, move):
    """Return whether move, such as Nf3, can be legal in the position fen: the right side has such a piece."""
    '''


@dataclass
class Game:
    """One game. own: moves of the model so far; broken: its last one was not legal."""

    name: str
    board: chess.Board
    dice: random.Random
    own: int = 0
    broken: bool = False
    over: bool = False

    @property
    def moves(self) -> str:
        """Return the game so far as text, with the number of the next move."""
        number = f"{self.board.fullmove_number}{'.' if self.board.turn else '...'}"
        start = chess.Board()
        return f"{start.variation_san(self.board.move_stack)} {number}"

    def reply(self) -> None:
        """Let the opponent move at random; note where the game is over."""
        if not self.board.is_game_over():
            self.board.push(self.dice.choice(sorted(self.board.legal_moves, key=str)))
        self.over = self.over or self.board.is_game_over()


@dataclass
class Room:
    """What ways to play share: the model and the worked examples."""

    drive: Drive
    located: str
    checker: Callable[[Sequence[tuple[str, str]]], list[bool]] | None = None
    asked: int = 0

    def say(self, games: Sequence[Game], prompts: Sequence[str], sampling: Sampling, n: int = 1) -> list[list[str]]:
        """Return n continuations of each prompt."""
        self.asked += 1
        jobs = [
            Job(
                make("strategies", f"vote:n={n}"),
                Task(Item(game.name, {}, None, game.name), Prompt(text=prompt), sampling),
                Noise(("chess", game.name, self.asked)),
            )
            for game, prompt in zip(games, prompts, strict=True)
        ]
        return [[thought.answer for thought in trace.thoughts] for trace in self.drive.run(jobs)]


Way = Callable[[Room, Sequence[Game]], list[str]]


def plain(room: Room, games: Sequence[Game]) -> list[str]:
    return [said[0] for said in room.say(games, [HEAD + game.moves for game in games], MOVE)]


def located(room: Room, games: Sequence[Game]) -> list[str]:
    prompts = [f"{room.located}Moves: {g.moves}\nPosition: {g.board.fen()}\nMove:" for g in games]
    return [said[0] for said in room.say(games, prompts, MOVE)]


def own_position(room: Room, games: Sequence[Game]) -> list[str]:
    prompts = [f"{room.located}Moves: {game.moves}\nPosition:" for game in games]
    written = [said[0] for said in room.say(games, prompts, FEN)]
    prompts = [f"{prompt} {fen}\nMove:" for prompt, fen in zip(prompts, written, strict=True)]
    return [said[0] for said in room.say(games, prompts, MOVE)]


def three(room: Room, games: Sequence[Game]) -> list[str]:
    said = room.say(games, [HEAD + game.moves for game in games], MOVE, 3)
    return [Counter(each).most_common(1)[0][0] for each in said]


def own_check(room: Room, games: Sequence[Game]) -> list[str]:
    assert room.checker is not None
    said = room.say(games, [HEAD + game.moves for game in games], MOVE, 3)
    passed = room.checker([(g.board.fen(), move) for g, moves in zip(games, said, strict=True) for move in moves])
    chosen = []
    for place, moves in enumerate(said):
        good = [move for move, ok in zip(moves, passed[3 * place : 3 * place + 3], strict=True) if ok]
        chosen.append((good or moves)[0])
    return chosen


def by_the_rules(room: Room, games: Sequence[Game]) -> list[str]:
    said = room.say(games, [HEAD + game.moves for game in games], MOVE, 8)
    chosen = []
    for game, moves in zip(games, said, strict=True):
        legal = next((move for move in moves if read_move(game.board, clean(move))[0]), None)
        chosen.append(legal or likeliest(room, game))
    return chosen


def likeliest(room: Room, game: Game) -> str:
    """Return the legal move of the greatest log-probability."""
    options = sorted(game.board.san(move) for move in game.board.legal_moves)
    ask = Weigh("moves", Prefix(Prompt(text=HEAD + game.moves)), tuple(Segment(" " + move) for move in options))
    task = Task(Item(game.name, {}, None, game.name), Prompt(text=""))
    (trace,) = room.drive.run([Job(Asking((ask,)), task, Noise((game.name,)))])
    reply = trace.best.value if trace.best else None
    assert isinstance(reply, Weighed), trace.errors
    return max(zip(options, reply.segments, strict=True), key=lambda pair: pair[1].logp or -np.inf)[0]


def clean(move: str) -> str:
    return move.strip().split(" ")[0].rstrip(".,;") if move.strip() else ""


def play(room: Room, way: Way, count: int, plies: int) -> tuple[list[int], int]:
    """Return each game's number of own moves before the first that was not legal, and how many games had none."""
    games = []
    for number in range(count):
        dice = random.Random(f"chess {number}")
        game = Game(f"game {number}", chess.Board(), dice)
        for _ in range(4):
            game.reply()
        games.append(game)
    while live := [game for game in games if not (game.over or game.broken or game.own >= plies)]:
        for game, said in zip(live, way(room, live), strict=True):
            move, _ = read_move(game.board, clean(said))
            if move is None:
                game.broken = True
                continue
            game.board.push(move)
            game.own += 1
            game.reply()
    return [game.own for game in games], sum(not game.broken for game in games)


def examples(plies: int) -> str:
    """Return practice positions with a move each."""
    items = Chess("legal", plies).items(Split.PRACTICE, 4)
    parts = [
        f"Moves: {i.inputs['moves']} {i.inputs['number']}\nPosition: {i.inputs['fen']}\nMove: {i.target}\n\n"
        for i in items
    ]
    return "".join(parts)


def write_checker(room: Room, tries: int) -> tuple[Callable[[Sequence[tuple[str, str]]], list[bool]], dict[str, Any]]:
    """Return the best of the checkers that the model writes, by practice positions, and what is known of it."""
    sandbox = Bubblewrap()
    game = Game("checker", chess.Board(), random.Random(0))
    (written,) = room.say([game], [SIGNATURE], CODE, tries)
    items = Chess("legal", 12).items(Split.PRACTICE, 60)[4:]
    dice = random.Random(1)
    cases = [(item.inputs["fen"], str(item.target), True) for item in items]
    for item in items:
        board = chess.Board(item.inputs["fen"])
        other = dice.choice("KQRBN") + dice.choice("abcdefgh") + dice.choice("12345678")
        cases.append((item.inputs["fen"], other, read_move(board, other)[0] is not None))

    def checked(code: str, pairs: Sequence[tuple[str, str]]) -> list[Any]:
        calls = [f"is_legal({fen!r}, {move!r})" for fen, move in pairs]
        result = call(sandbox, SIGNATURE + code, calls, timeout_s=20.0)
        if result.load_error is not None:
            return [None] * len(pairs)
        told = [None if one.raised else one.value for one in result.called]
        return told + [None] * (len(pairs) - len(told))

    rows = []
    for code in dict.fromkeys(written):
        said = checked(code, [(fen, move) for fen, move, _ in cases])
        hits = [np.mean([bool(s) == want for s, (_, _, want) in zip(said, cases, strict=True) if want == kind] or [0])
                for kind in (True, False)]  # fmt: skip
        rows.append((float(np.mean(hits)), sum(s is not None for s in said) / len(said), code))
    best = max(rows)
    facts = {"written": len(rows), "ran": sum(row[1] > 0.9 for row in rows), "balanced accuracy": round(best[0], 2)}
    return lambda pairs: [bool(one) for one in checked(best[2], pairs)], facts


WAYS: dict[str, Way] = {
    "moves": plain, "position": located, "own FEN": own_position, "three": three, "own check": own_check,
    "critic": by_the_rules,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--games", type=int, default=40)
    parser.add_argument("--plies", type=int, default=60)
    parser.add_argument("--tries", type=int, default=16, help="checkers that the model writes")
    parser.add_argument("--ways", type=lambda text: text.split(","), default=list(WAYS))
    given = parser.parse_args()
    from nightschool import config

    model = open_model(given.model, config.read(None))
    room = Room(Drive(model), examples(12))
    for name in given.ways:
        if name == "own check":
            if (why := available()) is not None:
                print(f"{name:<10} left out: {why}")
                continue
            room.checker, facts = write_checker(room, given.tries)
            print(f"checkers: {facts}")
        lengths, whole = play(room, WAYS[name], given.games, given.plies)
        mean = bootstrap_mean([[float(n)] for n in lengths], np.random.default_rng(0))
        share = sum(lengths) / (sum(lengths) + given.games - whole)
        print(
            f"{name:<10} {mean.value:5.1f} [{mean.low:.1f}, {mean.high:.1f}] moves before the first that is not legal; "
            f"median {sorted(lengths)[len(lengths) // 2]}; {whole} of {given.games} games without one; "
            f"legal {share:.1%} of moves", flush=True,
        )  # fmt: skip
    model.close()


if __name__ == "__main__":
    main()

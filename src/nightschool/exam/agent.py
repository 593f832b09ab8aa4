"""An agent that must use what a text tells to get its food: it plays, is told whether it arrived, and learns from that.

A policy sees features of each possible move, made from the text of the situation with the move behind it, and nothing
else: no truth, no demonstration, no hint on the way. It is linear, so that whatever understanding it shows is in the
features. Games are played side by side, step by step, so that features are read wide.

    play(games, features, policy, ...)   -> what happened in each
    learn(games, features, ...)          -> the policy that was learned by reward alone
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Game(Protocol):
    """What can be played (`worlds.house`). A state is any value of the game's own."""

    @property
    def begin(self) -> Any:
        """Return the state before the first move."""

    @property
    def goal(self) -> str:
        """Return what is wanted, in words."""

    def see(self, now: Any) -> str:
        """Return what is seen in that state, in words."""

    def moves(self, now: Any) -> tuple[str, ...]:
        """Return what can be done, in words; at least one."""

    def act(self, now: Any, move: str) -> Any:
        """Return the state after `move`, None where it cannot be done."""

    def reached(self, now: Any) -> bool:
        """Return whether the goal is reached, which ends the game."""

    def left(self, now: Any) -> int:
        """Return how many moves it takes at least: for the limit of steps alone, never shown to a policy."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One situation: what is wanted, what is seen, and what can be done."""

    goal: str
    seen: str
    moves: tuple[str, ...]


Features = Callable[[Sequence[Choice]], Sequence[Floats]]
"""Features[moves, d] of each situation."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Prefers moves by `weights` [d] on features less `shift`, over `scale`. All zero: any move is as good."""

    weights: Floats
    shift: Floats
    scale: Floats

    def chances(self, features: Floats) -> Floats:
        """Return the probability of each move, for features[moves, d]."""
        odds = self.seen(features) @ self.weights
        found = np.exp(odds - odds.max())
        return np.asarray(found / found.sum())

    def seen(self, features: Floats) -> Floats:
        """Return the features as the policy weighs them: standardised, over the root of their number."""
        found: Floats = (features - self.shift) / self.scale / np.sqrt(len(self.weights))
        return found


@dataclass(frozen=True, slots=True)
class Episode:
    """One game played. moves: in words; reached: whether it ended at the goal; chosen: the place of each move among its
    choices; features: of the choices of each step.
    """

    moves: tuple[str, ...]
    reached: bool
    chosen: tuple[int, ...] = ()
    features: tuple[Floats, ...] = ()


def steps_allowed(game: Game) -> int:
    """Return after how many moves a game is lost: twice as many as it takes, and two."""
    return 2 * game.left(game.begin) + 2


def play(
    games: Sequence[Game], features: Features, policy: Policy | None, rng: np.random.Generator | None
) -> list[Episode]:
    """Return one episode of each game. policy: None plays at random; rng: None takes the likeliest move each time.

    A greedy player that comes back to a situation takes the next likeliest move there, so that no loop is for ever.
    """
    now = [game.begin for game in games]
    kept: list[tuple[list[str], list[int], list[Floats]]] = [([], [], []) for _ in games]
    visits: list[dict[str, int]] = [{} for _ in games]
    while live := [
        i for i, game in enumerate(games) if not game.reached(now[i]) and len(kept[i][0]) < steps_allowed(game)
    ]:
        choices = [Choice(games[i].goal, games[i].see(now[i]), games[i].moves(now[i])) for i in live]
        told = features(choices) if policy is not None else [np.zeros((len(c.moves), 0)) for c in choices]
        for i, choice, each in zip(live, choices, told, strict=True):
            chances = np.full(len(choice.moves), 1 / len(choice.moves)) if policy is None else policy.chances(each)
            before = visits[i][choice.seen] = visits[i].get(choice.seen, -1) + 1
            if rng is None:
                pick = int(np.argsort(-chances, kind="stable")[before % len(chances)])
            else:
                pick = int(rng.choice(len(chances), p=chances))
            moves, picks, seen = kept[i]
            moves.append(choice.moves[pick])
            picks.append(pick)
            seen.append(each)
            now[i] = games[i].act(now[i], choice.moves[pick])
    return [
        Episode(tuple(moves), game.reached(state), tuple(picks), tuple(seen))
        for game, state, (moves, picks, seen) in zip(games, now, kept, strict=True)
    ]


def learn(
    games: Sequence[Game],
    features: Features,
    rng: np.random.Generator,
    *,
    rounds: int = 60,
    rate: float = 0.3,
    discount: float = 0.9,
    decay: float = 0.01,
    shuffled: bool = False,
) -> tuple[Policy, list[float]]:
    """Return the policy that `rounds` rounds of all games made, and the share of games won in each round.

    The gradient of the expected reward is estimated from what was played: the reward, discounted from the end, less its
    mean over the games at the same step. shuffled: rewards go to other games than those that earned them (the control:
    what the form of learning gives without anything to learn from). The policy is the mean over the second half.
    Ref: williams1992; kingma2015.
    """
    first = play(games, features, _blank(features, games), rng)
    seen = np.concatenate([each for episode in first for each in episode.features])
    scale = seen.std(axis=0)
    policy = Policy(np.zeros(seen.shape[1]), seen.mean(axis=0), np.where(scale > 1e-8, scale, 1.0))
    mean, square, kept, won = (np.zeros_like(policy.weights), np.zeros_like(policy.weights), [], [])
    for number in range(1, rounds + 1):
        episodes = first if number == 1 else play(games, features, policy, rng)
        won.append(sum(each.reached for each in episodes) / len(episodes))
        order = rng.permutation(len(games)) if shuffled else np.arange(len(games))
        pull = _gradient(policy, episodes, [episodes[i].reached for i in order], discount) - decay * policy.weights
        mean, square = 0.9 * mean + 0.1 * pull, 0.99 * square + 0.01 * pull**2
        step = mean / (1 - 0.9**number) / (np.sqrt(square / (1 - 0.99**number)) + 1e-8)
        policy = Policy(policy.weights + rate * step, policy.shift, policy.scale)
        if number > rounds // 2:
            kept.append(policy.weights)
    return Policy(np.mean(kept, axis=0), policy.shift, policy.scale), won


def _gradient(policy: Policy, episodes: Sequence[Episode], rewards: Sequence[bool], discount: float) -> Floats:
    """Return the gradient of the expected reward in the policy's weights, per game."""
    returns = [
        [reward * discount ** (len(episode.moves) - 1 - t) for t in range(len(episode.moves))]
        for episode, reward in zip(episodes, rewards, strict=True)
    ]
    longest = max((len(each) for each in returns), default=0)
    usual = [np.mean([each[t] for each in returns if len(each) > t]) for t in range(longest)]
    found = np.zeros_like(policy.weights)
    for episode, worth in zip(episodes, returns, strict=True):
        for t, (pick, features) in enumerate(zip(episode.chosen, episode.features, strict=True)):
            pull = -policy.chances(features)
            pull[pick] += 1.0
            found += (worth[t] - usual[t]) * (pull @ policy.seen(features))
    return found / len(episodes)


def _blank(features: Features, games: Sequence[Game]) -> Policy:
    """Return a policy that prefers nothing, as wide as the features are."""
    (one,) = features([Choice(games[0].goal, games[0].see(games[0].begin), games[0].moves(games[0].begin))])
    d = one.shape[1]
    return Policy(np.zeros(d), np.zeros(d), np.ones(d))

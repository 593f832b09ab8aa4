"""Learning to act by reward alone, on features of which it is known what they tell."""

import numpy as np

from nightschool.exam.agent import Choice, Policy, learn, play, steps_allowed
from nightschool.items import Split
from nightschool.worlds.quest import Quest

WORLD = Quest(rooms=3, things=2)
PRACTICE = [WORLD.game(item) for item in WORLD.items(Split.PRACTICE, 32)]
EXAM = [WORLD.game(item) for item in WORLD.items(Split.EXAM, 60)]


def telling(choices):
    """Features that tell of a move whether it names what the goal names, and whether one stands in the room wanted."""
    return [np.array([_of(choice, move) for move in choice.moves]) for choice in choices]


def _of(choice: Choice, move: str) -> list[float]:
    thing, room = choice.goal.split()[2], choice.goal.split()[5].rstrip(".")
    name, there = move.split()[-1], f"You are in the {room}." in choice.seen
    take, put = move.startswith("take"), move.startswith("put")
    return [take, put, name == thing, name == room, take and name == thing, put and there, take and there]


def blind(choices):
    """Features that are the same number of the move's letters whatever is wanted."""
    return [np.array([[len(move), ord(move[-1])] for move in c.moves], dtype=float) for c in choices]


def won(policy, features, rng=None):
    return np.mean([episode.reached for episode in play(EXAM, features, policy, rng)])


def test_what_the_features_tell_is_learned_and_carries_over_to_other_games():
    policy, curve = learn(PRACTICE, telling, np.random.default_rng(0), rounds=40)
    chance = won(None, None, np.random.default_rng(1))
    assert won(policy, telling) > chance + 0.5
    assert np.mean(curve[-5:]) > curve[0] + 0.3


def test_rewards_of_other_games_teach_nothing():
    policy, _ = learn(PRACTICE, telling, np.random.default_rng(0), rounds=40, shuffled=True)
    assert won(policy, telling, np.random.default_rng(1)) < 0.4


def test_features_that_do_not_tell_what_is_wanted_do_not_do():
    policy, _ = learn(PRACTICE, blind, np.random.default_rng(0), rounds=40)
    assert won(policy, blind) < 0.5


def test_the_same_seed_learns_the_same():
    one, other = (learn(PRACTICE[:8], telling, np.random.default_rng(5), rounds=4)[0] for _ in range(2))
    assert one.weights.tolist() == other.weights.tolist()


def test_a_game_ends_at_the_goal_or_when_the_steps_are_used_up():
    for game, episode in zip(EXAM, play(EXAM, telling, None, np.random.default_rng(3)), strict=True):
        now = game.begin
        for move in episode.moves:
            assert not game.reached(now)
            now = game.act(now, move)
        assert game.reached(now) is episode.reached
        assert episode.reached or len(episode.moves) == steps_allowed(game)


def test_a_greedy_player_leaves_a_loop():
    always_first = Policy(np.zeros(7), np.zeros(7), np.ones(7))
    for episode in play(EXAM[:10], telling, always_first, None):
        assert len(set(episode.moves)) > 1

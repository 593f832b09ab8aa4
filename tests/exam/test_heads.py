import numpy as np
import pytest

from nightschool.exam.heads import fit, learn_by_reward


def planted(
    n: int, seed: int, features: int = 32, classes: int = 3, noise: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Return states in which the class is linearly there, and the classes."""
    rng = np.random.default_rng(7)
    centres = rng.normal(0, 1, (classes, features))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    return centres[labels] + rng.normal(0, noise, (n, features)) + 5.0, labels


@pytest.mark.parametrize("n", [24, 200])
def test_what_is_linearly_there_is_found(n: int) -> None:
    states, labels = planted(n, 0)
    exam, truth = planted(300, 1)
    assert (fit(states, labels.tolist(), 3).choose(exam) == truth).mean() > 0.9


def test_shuffled_answers_give_chance() -> None:
    states, labels = planted(200, 0)
    exam, truth = planted(600, 1)
    shuffled = np.random.default_rng(2).permutation(labels).tolist()
    assert (fit(states, shuffled, 3).choose(exam) == truth).mean() < 0.5


def test_reward_alone_finds_it_without_ever_seeing_a_truth() -> None:
    states, labels = planted(120, 0)
    exam, truth = planted(300, 1)
    asked: list[tuple[int, int]] = []

    def reward(i: int, choice: int) -> float:
        asked.append((i, choice))
        return float(labels[i] == choice)

    head = learn_by_reward(states, 3, reward, np.random.default_rng(0))
    assert (head.choose(exam) == truth).mean() > 0.8
    assert len(set(asked)) == len(asked)  # what is known is not asked again


def test_reward_that_says_nothing_teaches_nothing() -> None:
    states, _ = planted(100, 0)
    exam, truth = planted(300, 1)
    rng = np.random.default_rng(1)
    head = learn_by_reward(states, 3, lambda i, c: float(rng.random() < 0.3), np.random.default_rng(0))
    assert (head.choose(exam) == truth).mean() < 0.65


def test_the_same_seed_gives_the_same_head() -> None:
    states, labels = planted(40, 0)
    heads = [
        learn_by_reward(states, 3, lambda i, c: float(labels[i] == c), np.random.default_rng(3), passes=4)
        for _ in range(2)
    ]
    assert (heads[0].weights == heads[1].weights).all()


def test_no_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="some examples"):
        fit(np.zeros((0, 3)), [], 2)

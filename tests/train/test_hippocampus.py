import random

import pytest

from nightschool.errors import UsageError
from nightschool.train.hippocampus import Hippocampus
from nightschool.train.scratch import Schooling, Size
from support.learning import Listening

WORDS = ("<soon>", "<later>", "seed", "rain", "stone", "wind")
SMALL = Size(hidden=16, layers=1, heads=2, context=16)


def taught(seed=0, steps=60):
    """Return one that was taught that reward comes where it rains on a seed."""
    dice = random.Random(1)
    texts = []
    for _ in range(200):
        words = dice.choices(WORDS[2:], k=3)
        wet = "seed" in words and "rain" in words[words.index("seed") :]
        texts.append((" ".join(words), "<soon>" if wet else "<later>"))
    found = Hippocampus(WORDS, "<soon>", "<later>", size=SMALL, seed=seed)
    return found, found.learn(texts, Schooling(steps=steps), Listening())


@pytest.fixture(scope="module")
def hippocampus():
    return taught()


def test_it_foretells_reward_by_what_came_before(hippocampus):
    found, losses = hippocampus
    assert losses[-1] < losses[0]
    wet, dry, swapped = found.foretell(["seed wind rain", "seed wind stone", "rain wind seed"])
    assert wet > 0.5 > dry
    assert wet > swapped


def test_what_it_cannot_read_it_says_nothing_of(hippocampus):
    assert hippocampus[0].foretell(["", "unheard of"]) == [0.5, 0.5]


def test_words_that_are_unknown_or_too_long_ago_change_nothing(hippocampus):
    found = hippocampus[0]
    plain = found.foretell(["seed rain"])
    assert found.foretell(["seed unheard rain"]) == plain
    assert found.foretell(["stone " * 40 + "wind " * 15]) == found.foretell(["seed " * 40 + "wind " * 15])


def test_the_same_seed_gives_the_same_weights():
    assert taught(steps=5)[0].foretell(["seed rain"]) == taught(steps=5)[0].foretell(["seed rain"])


def test_it_needs_experiences_and_its_tokens():
    with pytest.raises(UsageError, match="experiences"):
        taught(steps=1)[0].learn([])
    with pytest.raises(UsageError, match="<soon>"):
        Hippocampus(("seed",), "<soon>", "<later>")

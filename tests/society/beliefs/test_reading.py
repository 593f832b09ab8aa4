import math

import pytest
import torch

from nightschool.errors import BadFile, UsageError
from nightschool.items import Noise
from nightschool.society.beliefs.links import Link
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import PLAIN, Reading, fit_reading, plain_reading, read_reading
from nightschool.society.beliefs.sharpen import Case, sharpened
from nightschool.society.lanes import Lanes


def spoken(n):
    """A model that leans towards yes, in one context knows something, and in the other nothing."""
    u = Lanes.of(Noise(("spoken",)), n).uniform((3,))
    truths = (u[:, 0] < 0.3).tolist()
    good = torch.where(u[:, 0] < 0.3, 5.0, 3.0) + 2 * (u[:, 1] - 0.5)
    return torch.stack([good, 8 * u[:, 2] - 2], 1), truths


def test_practice_teaches_whom_to_trust_and_how_far():
    odds, truths = spoken(400)
    reading = fit_reading(odds, truths, [i % 20 for i in range(400)], ("good", "idle"))
    assert abs(reading.weights[1]) < 0.1 * reading.weights[0]
    chances = torch.sigmoid(reading.odds(odds))
    assert float(chances.mean()) == pytest.approx(sum(truths) / 400, abs=0.01)
    assert float(((chances > 0.5) == torch.tensor(truths)).double().mean()) > 0.9
    assert float((torch.sigmoid(plain_reading(("good", "idle")).odds(odds)) > 0.5).double().mean()) > 0.9  # yes to all


def test_unlearned_the_mean_is_taken_and_the_control_left_out():
    assert float(PLAIN.odds(torch.tensor([[1.0, 1.0, 1.0, 1.0, 6.0, 99.0]]))[0]) == pytest.approx(2.0)


def test_a_model_that_errs_alike_everywhere_is_believed_less():
    """It says the same wrong thing of all five; taken as five witnesses it would be sure."""
    props = [Proposition(str(i), f"{i}.") for i in range(5)]
    links = [Link("same", (str(i), str(i + 1))) for i in range(4)]
    cases = [Case(props, torch.full((5, 1), 1.0), links, [k % 3 > 0] * 5) for k in range(30)]
    reading = sharpened(Reading(("it",), (1.0,)), cases)
    assert reading.strength < 0.5


def test_a_file_gives_the_same_reading_back(tmp_path):
    reading = Reading(("a", "b"), (0.5, -1.25), 0.1, 0.7, "model")
    reading.save(tmp_path / "reading.json")
    assert read_reading(tmp_path / "reading.json") == reading
    (tmp_path / "reading.json").write_text('{"reading": 1, "names": ["a"], "weights": [1, 2]}')
    with pytest.raises(BadFile, match="one finite weight for each"):
        read_reading(tmp_path / "reading.json")
    with pytest.raises(BadFile, match="cannot read"):
        read_reading(tmp_path / "none.json")


def test_bad_input_is_named():
    with pytest.raises(UsageError, match="teach no reading"):
        fit_reading(torch.zeros(3, 1), [True] * 3, [0, 1, 2], ("a",))
    with pytest.raises(UsageError, match="finite weight"):
        Reading(("a",), (math.nan,))
    with pytest.raises(UsageError, match="ask in the same contexts"):
        PLAIN.odds(torch.zeros(2, 3))

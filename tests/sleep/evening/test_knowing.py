import math

import pytest

from nightschool.drive import Drive
from nightschool.models.scripted import Scripted
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.knowing import IMPOSSIBLE, nats_of
from nightschool.sleep.lessons.study import study

LESSONS = study(Memory("Ada Molbane lives in Vekburg.", 0.0), ["question"])[:3]


def test_what_is_said_half_of_the_time_has_the_loss_of_one_toss() -> None:
    found = nats_of(Drive(Scripted(lambda prompt: {"Vekburg": 0.5, "nowhere": 0.5})), LESSONS[:1])
    assert found == [pytest.approx(math.log(2) / len("Vekburg"))]


def test_what_is_never_said_is_as_far_from_known_as_can_be() -> None:
    assert nats_of(Drive(Scripted(lambda prompt: "nowhere")), LESSONS) == [IMPOSSIBLE] * 3

from __future__ import annotations

import threading
from functools import partial

import pytest
import torch

from nightschool.models.local import lanes

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_what_comes_back_is_in_order_and_torch_keeps_its_threads(threads):
    assert lanes.run([partial(pow, 2, i) for i in range(7)], CPU) == [2**i for i in range(7)]
    assert torch.get_num_threads() == threads
    fresh = []
    other = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert fresh == [threads]


def test_side_by_side_each_part_has_its_share_of_the_threads(threads):
    together = threading.Barrier(min(2, threads), timeout=20)

    def work():
        together.wait()  # both are at work at once, or this times out
        return torch.get_num_threads()

    assert lanes.run([work] * 2, CPU) == [max(1, threads // 2)] * 2


def test_an_error_is_raised_once_all_have_ended(threads):
    ended = []

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        lanes.run([fail, partial(ended.append, 1)][:: 1 if threads > 1 else -1], CPU)
    assert ended == [1]
    assert torch.get_num_threads() == threads


def test_within_a_part_there_is_no_other_side(threads):
    if threads != 2:
        return
    assert lanes.run([partial(lanes.sides, CPU)] * 2, CPU) == [1, 1]

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.models.local.pool import Held, Pool, run_of

one_action = st.one_of(
    st.tuples(st.just("take"), st.lists(st.integers(1, 6), min_size=1, max_size=4)),
    st.tuples(st.just("drop"), st.integers(0, 20)),
    st.tuples(st.just("split"), st.integers(0, 20)),
    st.tuples(st.just("resize"), st.integers(0, 30)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(one_action, max_size=30))
def test_what_is_held_stays_whatever_else_comes_goes_and_moves(actions: Sequence[tuple]) -> None:
    pool, held, written = Pool(bytes_per_token=8), [], 0
    pool.resize(16)
    known: dict[Held, list[float]] = {}
    for what, how in actions:
        if what == "take" and pool.used + sum(how) <= pool.capacity:
            for one in pool.take(how):
                marks = [float(written + i) for i in range(len(one.at))]
                written += len(one.at)
                new = torch.tensor(marks)[None, :, None].expand(2, -1, 3)
                slots = run_of(one.at)
                pool.write(0, slots if isinstance(slots, slice) else torch.from_numpy(slots), new, -new)
                known[one] = marks
                held.append(one)
            del one
        elif what == "drop" and held:
            known.pop(held.pop(how % len(held)))
        elif what == "split" and held:
            one = held[how % len(held)]
            at = len(one.at) // 2
            first = one.split(at)
            held.append(first)
            known[first], known[one] = known[one][:at], known[one][at:]
            del one, first
        elif what == "resize":
            pool.resize(pool.used + how)
        assert pool.used == sum(len(marks) for marks in known.values())
        assert pool.bytes == 8 * pool.capacity
        for one, marks in known.items():
            assert pool.keys[0][1, one.at, 2].tolist() == marks
            assert pool.values[0][0, one.at, 0].tolist() == [-mark for mark in marks]
        one = None
    slots = [slot for one in known for slot in one.at.tolist()]
    assert len(slots) == len(set(slots))


def test_runs_are_neighbours_where_there_is_a_gap_that_holds_them() -> None:
    pool = Pool(bytes_per_token=1)
    pool.resize(12)
    first, second, _third = pool.take([2, 4, 2])
    del first
    (wide,) = pool.take([4])
    assert wide.at.tolist() == [8, 9, 10, 11]
    del second
    (scattered,) = pool.take([6])
    assert sorted(scattered.at.tolist()) == [0, 1, 2, 3, 4, 5]


def test_neighbours_are_a_slice() -> None:
    assert run_of(np.array([3, 4, 5])) == slice(3, 6)
    assert isinstance(run_of(np.array([3, 5, 4])), np.ndarray)
    assert isinstance(run_of(np.array([3, 4, 6])), np.ndarray)


def test_keys_can_be_kept_in_half_the_bytes() -> None:
    pool = Pool(bytes_per_token=1, dtype=torch.bfloat16)
    pool.resize(4)
    pool.write(0, slice(1, 3), torch.full((1, 2, 4), 1.5), torch.full((1, 2, 4), 2.5))
    pool.write(0, torch.tensor([3]), torch.full((1, 1, 4), 0.5), torch.full((1, 1, 4), 1.0))
    assert pool.keys[0].dtype == torch.bfloat16
    assert pool.keys[0][0, :, 0].tolist() == [0.0, 1.5, 1.5, 0.5]

import threading

import pytest

from nightschool.asks import Judge
from nightschool.drive.judges import Judges
from nightschool.errors import StopRequested
from support.thinking import Likes, task

ASK = Judge("j", task().item, "1")


@pytest.mark.parametrize("workers", [0, 2])
def test_every_judgement_comes_back_under_its_key(workers: int) -> None:
    judges: Judges[int] = Judges(workers)
    for key in range(20):
        judges.begin(key, Likes(lambda a: 1.0), ASK)
    seen = {}
    while len(judges):
        judges.wait(None)
        seen.update(judges.finished())
    assert sorted(seen) == list(range(20))
    assert all(verdict.passed for verdict in seen.values())
    judges.close()


def test_what_is_forgotten_does_not_come_back() -> None:
    go = threading.Event()

    def slow(answer: str) -> float:
        go.wait(5)
        return 1.0

    judges: Judges[int] = Judges(1)
    for key in range(4):
        judges.begin(key, Likes(slow), ASK)
    judges.forget({1, 3})
    go.set()
    seen = {}
    while len(judges):
        judges.wait(1)
        seen.update(judges.finished())
    assert sorted(seen) == [0, 2]
    judges.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_wish_to_stop_passes_through(workers: int) -> None:
    def stop(answer: str) -> float:
        raise StopRequested("enough")

    judges: Judges[int] = Judges(workers)

    def judge_one() -> None:
        judges.begin(0, Likes(stop), ASK)
        judges.wait(None)
        list(judges.finished())

    with pytest.raises(StopRequested):
        judge_one()
    judges.close()

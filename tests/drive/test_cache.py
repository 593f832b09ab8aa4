from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightschool.drive import Budget, Cache, Drive
from nightschool.errors import BadFile
from nightschool.items import Noise, Trace
from nightschool.models.scripted import Scripted
from support.jobs import STRATEGIES, digits, job


def same(traces: list[Trace]) -> list[Trace]:
    return [replace(trace, usage=replace(trace.usage, seconds=0.0)) for trace in traces]


class InOtherNumbers(Scripted):
    numerics = "bfloat16"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    specs=st.lists(st.sampled_from(STRATEGIES), min_size=1, max_size=5),
    seed=st.integers(0, 10**6),
    tokens=st.none() | st.integers(1, 80),
)
def test_a_second_run_asks_the_model_nothing(tmp_path: Path, specs: list[str], seed: int, tokens: int | None) -> None:
    jobs = [job(seed + number, spec, tokens) for number, spec in enumerate(specs)]
    without = Drive(Scripted(rule=digits)).run(jobs)
    cache = Cache(tmp_path / f"{seed}" / "draws.db")
    first = Drive(Scripted(rule=digits), cache=cache).run(jobs)
    model = Scripted(rule=digits)
    second = Drive(model, cache=cache).run(jobs)
    cache.close()
    assert model.asked == []
    assert same(first) == same(second) == same(without)


def test_more_draws_make_only_the_new_ones(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "draws.db")
    Drive(Scripted(rule=digits), cache=cache).run([job(1, "best-of-n:n=5")])
    model = Scripted(rule=digits)
    (more,) = Drive(model, cache=cache).run([job(1, "best-of-n:n=9")])
    assert [(ask.first_draw, ask.n) for ask in model.asked] == [(5, 4)]
    assert same([more]) == same(Drive(Scripted(rule=digits)).run([job(1, "best-of-n:n=9")]))
    assert (cache.hits, cache.misses) == (5, 9)
    cache.close()


def test_another_draw_model_or_way_to_sample_is_another_key(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "draws.db")
    base = job(1, "single")
    Drive(Scripted(rule=digits), cache=cache).run([base])
    task = base.task
    others: list[tuple[Scripted, Any]] = [
        (Scripted(rule=digits), replace(base, noise=Noise((2,)))),
        (Scripted(rule=digits), replace(base, task=replace(task, sampling=replace(task.sampling, temperature=0.5)))),
        (Scripted(rule=digits), replace(base, task=replace(task, prompt=replace(task.prompt, prefill="1")))),
        (Scripted(rule=digits), replace(base, budget=Budget(tokens=3))),
        (Scripted(rule=digits, identity="another"), base),
        (InOtherNumbers(rule=digits), base),
    ]
    for model, other in others:
        Drive(model, cache=cache).run([other])
        assert len(model.asked) == 1
    cache.close()


@pytest.mark.parametrize("fault", ["refuse", "draw", "nan"])
def test_what_failed_is_tried_again(tmp_path: Path, fault: Any) -> None:
    cache = Cache(tmp_path / "draws.db")
    (bad,) = Drive(Scripted(rule=digits, faults=lambda ask: fault), cache=cache).run([job(1, "best-of-n:n=3")])
    assert bad.best is None
    assert bad.errors
    (good,) = Drive(Scripted(rule=digits), cache=cache).run([job(1, "best-of-n:n=3")])
    assert not good.errors
    assert good.best is not None
    cache.close()


def test_a_cancelled_draw_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "draws.db")
    drive = Drive(Scripted("1", faults=lambda ask: "hang"), cache=cache)
    timed = replace(job(1, "single"), budget=Budget(seconds=0.05))
    (cut,) = drive.run([timed])
    assert cut.stopped == "budget"
    (whole,) = Drive(Scripted("1"), cache=cache).run([job(1, "single")])
    assert whole.best is not None
    assert whole.best.answer == "1"
    cache.close()


def test_a_file_that_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "draws.db").write_text("not a database, but long enough to look like one " * 50)
    with pytest.raises(BadFile, match="cannot keep draws in"):
        Cache(tmp_path / "draws.db")

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightschool.asks import Hidden, ModelAsk, ModelReply, Read, Refused, Weigh, Weighed
from nightschool.drive import Budget, Cache, Drive
from nightschool.drive.cache import Made
from nightschool.drive.logbook import Logbook
from nightschool.drive.remembering import Remembering
from nightschool.errors import BadFile
from nightschool.items import Draw, Noise, Prefix, Prompt, Segment, Trace
from nightschool.models.scripted import Scripted
from support.jobs import STRATEGIES, digits, job


def same(traces: list[Trace]) -> list[Trace]:
    return [replace(trace, usage=replace(trace.usage, seconds=0.0)) for trace in traces]


class InOtherNumbers(Scripted):
    numerics = "bfloat16"


def told(model: Remembering, *asks: ModelAsk) -> dict[str, ModelReply]:
    model.submit(asks)
    replies: dict[str, ModelReply] = {}
    while len(replies) < len(asks):
        replies |= {reply.id: reply for reply in model.step().replies}
    return replies


PREFIX = Prefix(Prompt(text="of 1 and 2 the larger is"))
WEIGH = Weigh("w", PREFIX, (Segment("1"), Segment("2,3")))
READ = Read("r", PREFIX)


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


@pytest.mark.parametrize("kind", [Cache, Logbook])
def test_what_is_weighed_or_read_is_asked_for_once(tmp_path: Path, kind: type[Cache] | type[Logbook]) -> None:
    cache = kind(tmp_path / "kept")
    first = told(Remembering(Scripted(rule=digits), cache), WEIGH, READ)
    cache.close()
    cache, model = kind(tmp_path / "kept"), Scripted(rule=digits)
    again = told(Remembering(model, cache), replace(WEIGH, id="v"), replace(READ, id="s"))
    assert model.asked == []
    weighed, state = again["v"], again["s"]
    assert isinstance(weighed, Weighed)
    assert isinstance(state, Hidden)
    assert replace(weighed, id="w", usage=replace(weighed.usage, seconds=0.0)) == replace(
        first["w"], usage=replace(first["w"].usage, seconds=0.0)
    )
    assert state.usage == replace(first["r"].usage, seconds=0.0)
    np.testing.assert_array_equal(state.state, first["r"].state)
    assert state.state.dtype == np.float32
    state.state[0] = 5.0  # it is the receiver's own
    others: list[ModelAsk] = [
        replace(WEIGH, continuations=(Segment("1"),)),
        replace(WEIGH, prefix=Prefix(Prompt(text="of 1 and 3 the larger is"))),
        replace(READ, layer=0),
        replace(READ, prefix=PREFIX.append(Segment("1"))),
    ]
    for ask in others:
        told(Remembering(model, cache), ask)
    assert len(model.asked) == len(others)
    told(Remembering(Scripted(rule=digits, identity="another"), cache), WEIGH)
    cache.close()


def test_what_was_not_weighed_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept")
    failing = Remembering(Scripted(rule=digits, faults=lambda ask: "refuse"), cache)
    assert isinstance(told(failing, WEIGH)["w"], Refused)
    assert isinstance(told(Remembering(Scripted(rule=digits), cache), WEIGH)["w"], Weighed)
    cache.close()


def test_a_full_cache_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept", limit_mb=1)
    long = Made(Draw(Segment("x" * 2000, (1,), (-1.0,)), "end"), 1, 1)
    cache.keep({"mine": long})
    for i in range(40):
        cache.keep({f"{i}/{j}": long for j in range(100)})
        assert cache.find("mine") == long  # what is used stays
        assert cache.bytes <= 1 << 20
    assert cache.find("39/99") == long
    assert cache.find("0/0") is None
    cache.close()
    assert (tmp_path / "kept").stat().st_size < 3 << 20


def test_a_file_that_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "draws.db").write_text("not a database, but long enough to look like one " * 50)
    with pytest.raises(BadFile, match="cannot keep draws in"):
        Cache(tmp_path / "draws.db")

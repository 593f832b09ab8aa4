import pytest

from nightschool.errors import NightError, UsageError
from nightschool.remember.memory import Memory
from nightschool.sleep.lessons.study import study
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.teach import teach
from support.learning import Counters, Counting, Listening

LESSONS = study(Memory("Ada Molbane lives in Vekburg.", 0.0))
PLAN = NightPlan(passes=4, batch=4, settle=2, rehearsal=0.0, checkpoint_steps=5)


def taught(folder, plan=PLAN, begin=None, clock=lambda: 0.0, lessons=LESSONS):
    return teach(begin or Counters(), lessons, plan, folder, watch=Listening(), clock=clock)


def test_every_lesson_is_learned_so_many_times_and_then_settled(tmp_path):
    begin = Counters()
    found = taught(tmp_path, begin=begin)
    assert found.stopped == "plan"
    assert len(found.losses) == PLAN.steps_for(len(LESSONS), older=False) + PLAN.settle
    told = [lesson.id for lesson in begin.lessons]
    assert all(told.count(lesson.id) >= PLAN.passes for lesson in LESSONS)


def test_an_interrupted_night_goes_on_to_the_same_weights(tmp_path):
    class Killed(Exception):
        pass

    class Mortal(Listening):
        left = 12

        def advance(self, amount=1.0, **facts):
            self.left -= bool(facts)
            if self.left == 0:
                raise Killed

    with pytest.raises(Killed):
        teach(Counters(), LESSONS, PLAN, tmp_path / "a", watch=Mortal(), clock=lambda: 0.0)
    again = Counters()
    resumed = taught(tmp_path / "a", begin=again)
    whole = taught(tmp_path / "b")
    assert resumed.adapter.name == whole.adapter.name
    assert resumed.losses == whole.losses
    assert len(again.lessons) < PLAN.batch * len(whole.losses) - 30
    assert len(list((tmp_path / "a").glob("learner-*"))) == 1


def test_a_full_disk_ends_a_night_that_then_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    import nightschool.sleep.teach as module

    written = module.write_durably

    def full(path, content):
        if "losses" in path.name and content.count(",") >= 9:  # the second checkpoint, of ten steps
            raise OSError(28, "No space left on device")
        written(path, content)

    monkeypatch.setattr(module, "write_durably", full)
    with pytest.raises(NightError, match=r"No space left.*the old mind stays"):
        taught(tmp_path / "a")
    monkeypatch.setattr(module, "write_durably", written)
    again = Counters()
    assert taught(tmp_path / "a", begin=again).adapter.name == taught(tmp_path / "b").adapter.name
    assert again.lessons


def test_what_was_taught_to_the_end_is_not_taught_again(tmp_path):
    first, again = taught(tmp_path), Counters()
    assert taught(tmp_path, begin=again) == first
    assert not again.begun
    (next((tmp_path / "adapters").iterdir()) / "adapter_model.safetensors").write_bytes(b"torn")
    assert taught(tmp_path, begin=again) == first  # taught anew, from the last checkpoint
    assert again.begun


@pytest.mark.parametrize(
    "short", [MemoryError(), RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate "
              "memory: you tried to allocate 85899345920 bytes. Error code 12"),
              RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")],
    ids=["python", "cpu", "gpu"],
)  # fmt: skip
def test_short_memory_ends_a_night_that_then_goes_on_to_the_same_weights(tmp_path, monkeypatch, short):
    step, left = Counting.step, [12]

    def some(self, lessons, pace=1.0):
        left[0] -= 1
        if left[0] == 0:
            raise short
        return step(self, lessons, pace)

    monkeypatch.setattr(Counting, "step", some)
    with pytest.raises(NightError, match=r"memory was too short.*the old mind stays"):
        taught(tmp_path / "a")
    assert taught(tmp_path / "a").adapter.name == taught(tmp_path / "b").adapter.name


def test_what_is_a_defect_stays_one(tmp_path, monkeypatch):
    def broken(self, lessons, pace=1.0):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Counting, "step", broken)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        taught(tmp_path)


def test_a_torn_checkpoint_begins_anew(tmp_path):
    (tmp_path / "losses.json").write_text("[1.0, 2.0")
    assert taught(tmp_path).adapter.name == taught(tmp_path / "b").adapter.name


def test_without_a_share_of_older_lessons_none_come_back(tmp_path):
    older = study(Memory("Ben Molbane plays the harp.", 0.0))
    for share, comes in ((0.25, True), (0.0, False)):
        begin = Counters()
        plan = NightPlan(passes=4, batch=4, settle=4, rehearsal=0.0, older=share)
        teach(begin, LESSONS, plan, tmp_path / str(share), older=older, watch=Listening(), clock=lambda: 0.0)
        told = {lesson.id for lesson in begin.lessons}
        assert bool(told & {lesson.id for lesson in older}) is comes
        assert bool({lesson.id for lesson in begin.lessons[-16:]} & {lesson.id for lesson in older}) is comes


def test_lessons_end_when_they_are_learned(tmp_path):
    found = taught(tmp_path, NightPlan(passes=8, batch=4, settle=2, rehearsal=0.0, learned=0.2))
    assert found.stopped == "learned"
    assert len(found.losses) == 8 + 2  # the loss of step n is 1 / n


def test_a_limit_of_seconds_leaves_time_to_settle(tmp_path):
    ticks = iter(range(10_000))
    found = taught(
        tmp_path, NightPlan(passes=8, batch=4, settle=2, rehearsal=0.0, seconds=10), clock=lambda: next(ticks)
    )
    assert found.stopped == "seconds"
    assert 2 < len(found.losses) < 12


def test_limits_are_counted_in_steps_and_in_lessons():
    plan = NightPlan(passes=4, batch=20, rehearsal=0.25, older=0.25, least_rehearsed=0, settle=5, steps=25)
    assert plan.room(25, older=False) == 75
    assert plan.room(25, older=True) == 50
    assert plan.steps_for(1000, older=False) == 20
    assert plan.steps_for(15, older=False) == 4


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(("lessons", "fresh"), [(100, 0.25), (280, 420 / 1320), (4000, None)])
def test_a_short_night_rehearses_more(lessons, fresh, older):
    plan = NightPlan()
    found = plan.for_lessons(lessons, older=older)
    assert found.fresh_share(older=older) == pytest.approx(fresh or plan.fresh_share(older=older))
    steps = found.steps_for(lessons, older=older)
    if fresh is None:
        assert found is plan
    elif fresh > 0.25:
        assert plan.batch * steps - plan.passes * lessons == pytest.approx(plan.least_rehearsed, abs=plan.batch)
    assert abs(plan.room(steps + plan.settle, older=older) - lessons) <= plan.batch


def test_a_night_without_rehearsal_stays_without():
    plan = NightPlan(rehearsal=0.0)
    assert plan.for_lessons(10, older=True) is plan
    assert plan.room(20, older=False) == 12 * 24 / 1.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ()},
        {"rehearsal": 0.9, "older": 0.2},
        {"least_rehearsed": -1},
        {"shares": (1.5,)},
        {"steps": 0},
        {"seconds": -1.0},
        {"passes": 0},
    ],
)
def test_plans_that_allow_nothing_are_refused(wrong):
    with pytest.raises(UsageError):
        NightPlan(**wrong)

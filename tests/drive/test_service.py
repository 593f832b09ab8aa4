"""Searches that come and go: each is answered as if it were alone, and one that leaves frees its place."""

from __future__ import annotations

import pytest

from nightschool.drive import Drive, Job, Service
from nightschool.drive.service import Over
from nightschool.errors import PromptTooLong, Unsupported, UsageError
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task, Trace
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.registry import make
from support.jobs import STRATEGIES, digits, job


def plain(trace: Trace) -> list[str]:
    return [thought.answer for thought in trace.thoughts]


def drain(service: Service) -> dict[int, Over]:
    over: dict[int, Over] = {}
    while len(service):
        over |= {each.number: each for each in service.turn()}
    return over


def single(max_tokens: int = 20) -> Job:
    item = Item("1", {"input": "x"}, None, "1")
    task = Task(item, Prompt((Message("user", "x"),)), Sampling(max_tokens=max_tokens))
    return Job(make("strategies", "single"), task, Noise((0,)))


@pytest.mark.parametrize("max_live", [1, 64])
def test_what_comes_late_is_answered_as_if_alone(max_live: int) -> None:
    jobs = [job(number, spec) for number, spec in enumerate(STRATEGIES)]
    alone = [Drive(Scripted(rule=digits)).run([each])[0] for each in jobs]
    service = Service(Scripted(rule=digits), max_live=max_live)
    over: dict[int, Over] = {}
    numbers = []
    for each in jobs:
        numbers.append(service.join(each))
        over |= {done.number: done for done in service.turn()}
    over |= drain(service)
    assert [plain(over[number].trace) for number in numbers] == [plain(trace) for trace in alone]
    assert len(service) == 0
    assert service.turn() == []


def test_what_is_heard_adds_up_to_what_was_drawn() -> None:
    service = Service(Scripted(rule=digits))
    number = service.join(single())
    said = ""
    while len(service):
        [*over] = service.turn()
        said += "".join(news.text for news in service.heard() if news.number == number)
    assert said == over[0].trace.thoughts[0].answer != ""


def test_one_that_leaves_is_over_and_the_other_stays() -> None:
    model = Scripted(rule=lambda prompt, written: {"a": 1.0})  # never ends by itself
    service = Service(model)
    goes, stays = service.join(single(1000)), service.join(single(30))
    service.turn()
    service.leave(goes)
    over = drain(service)
    assert over[goes].trace.stopped == "cancelled"
    assert over[stays].trace.thoughts[0].answer == "a" * 30
    assert model.steps < 40
    service.leave(goes)  # over already


def test_one_that_leaves_while_it_waits_never_runs() -> None:
    model = Scripted("abc")
    service = Service(model, max_live=1)
    first, waiting = service.join(single()), service.join(single())
    service.leave(waiting)
    over = drain(service)
    assert over[first].trace.stopped == "done"
    assert over[waiting].trace.stopped == "cancelled"
    assert len(model.asked) == 1


def test_what_the_model_refuses_comes_back_with_its_fault() -> None:
    service = Service(Scripted("abc", context_tokens=10))
    number = service.join(single())
    assert isinstance(drain(service)[number].fault, PromptTooLong)


def test_what_cannot_run_is_said_when_it_joins() -> None:
    with pytest.raises(Unsupported):
        Service(Scripted("a", lacks=[Ability.CHAT])).join(single())
    choosing = single()
    judged = Job(make("strategies", "best-of-n:n=2"), choosing.task, choosing.noise)
    with pytest.raises(UsageError, match="needs a verifier"):
        Service(Scripted("a")).join(judged)


def test_thoughts_can_be_watched_as_they_come() -> None:
    service = Service(Scripted(rule=digits))
    number = service.join(job(0, "best-of-n:n=6,first_pass=true,wave=2"))
    seen = set()
    while len(service):
        seen.add(len(service.thoughts(number)))
        service.turn()
    assert {0, 2} <= seen


def test_closing_gives_all_up() -> None:
    model = Scripted(rule=lambda prompt, written: {"a": 1.0})
    service = Service(model)
    service.join(single(1000))
    service.turn()
    service.close()
    assert len(service) == 0
    assert model.step().deltas == ()

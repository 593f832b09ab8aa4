from __future__ import annotations

from nightschool.asks import Hidden, Read, Refused, Weigh, Weighed
from nightschool.drive import Drive, Job
from nightschool.items import Noise, Prefix, Segment
from nightschool.models.scripted import Scripted
from nightschool.think.asking import Asking
from support.thinking import NOISE, task


def test_replies_come_in_the_order_of_asking() -> None:
    prefix = Prefix(task().prompt)
    asking = Asking((Weigh("w", prefix, (Segment("a"),)), Read("r", prefix)))
    (trace,) = Drive(Scripted("abc")).run([Job(asking, task(), Noise((0,)))])
    assert [type(thought.value) for thought in trace.thoughts] == [Weighed, Hidden]
    assert [thought.id for thought in trace.thoughts] == [0, 1]
    assert trace.best == trace.thoughts[0]


def test_a_refusal_is_no_reply_and_ends_the_waiting() -> None:
    asking = Asking((Read("r", Prefix(task().prompt)),))
    state = asking.tell(asking.start(task(), NOISE), [Refused("r", "no", "error")])
    assert asking.ask(state) == []
    assert asking.best(state) is None


def test_other_asks_have_another_name() -> None:
    prefix = Prefix(task().prompt)
    assert Asking((Read("r", prefix),)).spec != Asking((Read("r", prefix, 3),)).spec

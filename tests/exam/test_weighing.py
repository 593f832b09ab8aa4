import math

from nightschool.drive import Drive, Job
from nightschool.exam.weighing import Scales, Weighing, logp_of
from nightschool.items import Prefix, Thought
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.thinking import NOISE, task


def test_every_text_is_weighed_in_one_ask() -> None:
    model = Scripted({"": {"yes": 0.75, "no": 0.25}})
    search = Weighing(("no", "yes", "maybe"))
    (trace,) = Drive(model, critic_workers=0).run([Job(search, task(), NOISE)])
    assert len(model.asked) == 1
    logps = [thought.logp for thought in trace.thoughts]
    assert logps[0] is not None
    assert math.isclose(logps[0], math.log(0.25))
    assert logps[2] == -math.inf
    assert trace.best is not None
    assert trace.best.answer == "yes"
    assert trace.thoughts[0].value.tokens[0] == 1  # n is the second likeliest first letter


def test_what_is_certain_is_the_likeliest_and_what_was_not_told_never_is() -> None:
    def weighed(text: str, logps: tuple[float, ...] | None) -> Thought:
        return Thought(0, None, Prefix(task().prompt), text, logp=None if logps is None else sum(logps))

    told = (weighed("untold", None), weighed("unlikely", (-3.0,)), weighed("certain", (0.0,)))
    best = Weighing(("",)).best(Scales(task(), told))
    assert best is not None
    assert best.answer == "certain"
    assert [logp_of(each) for each in told] == [-math.inf, -3.0, 0.0]


def test_searches_of_other_texts_have_other_names() -> None:
    assert Weighing(("a",)).spec != Weighing(("b",)).spec


def test_a_refusal_ends_it() -> None:
    model = Scripted("yes", faults=lambda ask: "refuse")
    (trace,) = Drive(model, critic_workers=0).run([Job(Weighing(("a",)), task(), NOISE)])
    assert trace.best is None
    assert trace.errors
    assert Ability.WEIGH in model.abilities

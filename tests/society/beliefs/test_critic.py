from dataclasses import replace

import pytest

from nightschool.asks import Weigh, Weighed
from nightschool.drive import Drive, Job
from nightschool.errors import BadFile, BadSpec
from nightschool.items import Item, Noise, Sampling, Segment, Usage
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.society.beliefs.contexts import columns
from nightschool.society.beliefs.critic import Believes, heard_in
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import Reading
from support.asked import Asked
from support.thinking import task

ITEM = Item("i", {"story": "Ada went.", "question": "Where is Ada?"}, None, "k", ("kitchen", "garden"))
LEANS = {"2": 0.9, "garden": 0.85, "kitchen": 0.6}  # how far it says yes


def says(prompt, written):
    """Answer 1, 2 or 3; asked to judge, say yes to most things, and most surely to what is in LEANS."""
    text = prompt + written
    if text.endswith("Answer: "):
        return {"kitchen": 0.3, "garden": 0.7}
    if text.endswith(("\nAnswer:", "claim is", "Pupil:")):
        claim = text.rpartition("right answer is: ")[2].split("\n")[0]
        yes = LEANS.get(claim, 0.4)
        yes = 1 - yes if "statement false" in text else yes
        return {" yes": yes, " no": 1 - yes, " Yes": yes, " No": 1 - yes, " true": yes, " false": 1 - yes}
    return {"": 1.0} if written else {"1": 1.0, "2": 1.0, "3": 1.0}


def judged(critic, answer):
    ask = replace(critic.consult(ITEM, answer), id="a")
    (reply,) = Asked(Scripted(rule=says))([ask])
    return critic.conclude(ITEM, answer, reply)


def test_it_guides_a_search_in_one_weighing_for_each_answer():
    model = Scripted(rule=says)
    critic = make("critics", "beliefs:pass_at=0.8")
    job = Job(make("strategies", "best-of-n:n=8"), task(sampling=Sampling(8)), Noise((0,)), None, {"verifier": critic})
    (trace,) = Drive(model).run([job])
    assert trace.errors == ()
    assert trace.best is not None
    assert trace.best.answer == "2"
    assert trace.best.verdict.passed
    assert sum(isinstance(ask, Weigh) for ask in model.asked) == len({thought.answer for thought in trace.thoughts})


def test_it_says_yes_to_both_places_and_only_one_can_be():
    critic = Believes()
    garden, kitchen = judged(critic, "garden"), judged(critic, "In the kitchen.")
    assert garden.passed
    assert not kitchen.passed
    assert garden.score + kitchen.score == pytest.approx(1.0, abs=0.01)
    assert "'garden'" in kitchen.feedback
    assert "kitchen, garden" in judged(critic, "somewhere").feedback


def test_an_answer_names_a_choice_as_it_does_for_the_critic_of_choices():
    critic = Believes()
    by_text = judged(critic, "garden").score
    for answer in ("B", "(B)", "b) garden", "garden.", "It must be the Garden."):
        assert judged(critic, answer).score == pytest.approx(by_text), answer


def test_a_question_with_worked_answers_is_asked_whole():
    asked = "Example: 1+1?\nAnswer: 2\n\nAnswer: as above.\n\nWhat is 7+5?"
    head = str(Believes().consult(Item("i", {"q": asked}, None, "k"), "12").prefix.prompt)
    assert asked in head
    assert head.count("Answer:") == 2


def test_how_to_take_its_word_is_read_from_a_file(tmp_path):
    names = columns()
    Reading(names, (0.0,) * len(names), 0.0, identity="scripted").save(tmp_path / "deaf.json")
    critic = Believes(path=str(tmp_path / "deaf.json"))
    assert judged(critic, "garden").score == pytest.approx(0.5, abs=0.01)
    assert critic.identity == "scripted"
    with pytest.raises(BadFile):
        Believes(path=str(tmp_path / "none.json"))
    with pytest.raises(BadSpec, match="pass_at"):
        Believes(pass_at=2)


def test_a_model_that_tells_nothing_is_an_error():
    silent = Weighed("a", (Segment(" yes"),) * 8, ((0,),) * 8, Usage())
    with pytest.raises(ValueError, match="no log-probabilities"):
        heard_in([Proposition("a", "A.")], silent)

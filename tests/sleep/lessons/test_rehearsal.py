from __future__ import annotations

import pytest

from nightschool.drive import Drive
from nightschool.errors import StopRequested
from nightschool.items import Adapter, Prompt
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.sleep.lessons.rehearsal import general_prompts, rehearse


def test_there_are_many_short_and_different_prompts_of_both_kinds():
    prompts = [prompt for prompt, _ in general_prompts()]
    assert len(prompts) == len(set(prompts)) >= 40
    assert all(len(str(prompt)) < 200 for prompt in prompts)
    first = prompts[:20]
    assert sum(prompt.text is None for prompt in first) == 10


def test_it_is_what_the_old_self_says_and_the_same_again_with_the_same_seed():
    said = rehearse(Drive(Scripted()), 1)
    assert {lesson.prompt for lesson in said} <= {prompt for prompt, _ in general_prompts()}
    assert all(lesson.source == "rehearsal" and lesson.answer.strip() and not lesson.keys for lesson in said)
    assert said == rehearse(Drive(Scripted()), 1)
    assert said != rehearse(Drive(Scripted()), 2)


def test_more_prompts_leave_what_is_said_to_the_others():
    one = {lesson.id for lesson in rehearse(Drive(Scripted()), 1)}
    two = {
        lesson.id for lesson in rehearse(Drive(Scripted()), 1, prompts=[*general_prompts(), (Prompt(text="And"), 9)])
    }
    assert one < two


def test_what_was_cut_off_teaches_no_end():
    long, short = "a very long answer", "brief"
    model = Scripted(lambda prompt: long if "poem" in prompt else short)
    said = {
        lesson.answer: lesson.ended
        for lesson in rehearse(Drive(model), 1, prompts=[(prompt, 8) for prompt, _ in general_prompts()])
    }
    assert said == {long[:8]: False, short: True}


def test_the_named_adapter_speaks():
    model = Scripted("bare", adapters={"night": "learned"})
    model.load_adapter(Adapter("night", model.identity, ""))
    assert {lesson.answer for lesson in rehearse(Drive(model), 1, adapter="night")} == {"learned"}


def test_a_model_without_documents_is_only_asked():
    model = Scripted("yes", lacks=frozenset({Ability.DOCUMENT}))
    assert all(lesson.prompt.messages for lesson in rehearse(Drive(model), 1))


def test_failed_and_empty_draws_are_left_out():
    empty = Scripted(lambda prompt: "" if "poem" in prompt else "yes")
    assert len(rehearse(Drive(empty), 1)) == len(general_prompts()) - 1
    assert rehearse(Drive(Scripted("yes", faults=lambda ask: "draw")), 1) == []


def test_an_interruption_is_not_a_short_rehearsal():
    model = Scripted("yes")
    step = model.step

    def interrupted():
        model.step = step
        raise KeyboardInterrupt

    model.step = interrupted
    with pytest.raises(StopRequested):
        rehearse(Drive(model), 1)

import pytest

from nightschool.drive import Drive
from nightschool.errors import BadSpec, NotANumber
from nightschool.exam import Room, open_rungs
from nightschool.exam.rung import Line, Rung
from nightschool.items import Lesson, Split, split_of
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from support.answering import right, right_for_even, sometimes
from support.tiny_worlds import WORDINGS, Doubling


def room_of(world: Doubling, model: Scripted, items: int = 12, **more: object) -> Room:
    drive = Drive(model, critic_workers=0)
    return Room(
        world,
        tuple(world.items(Split.EXAM, items)),
        world.wordings[0],
        seed=3,
        abilities=model.abilities,
        run=drive.run,
        **more,  # type: ignore[arg-type]
    )


def sat(rung: Rung, room: Room) -> dict[str, Line]:
    assert room.run is not None
    plan = rung.plan(room)
    done = [(part, room.run(part.jobs)) for part in plan.parts]
    return {line.name: line for line in rung.read(room, done)}


def absences(rung: Rung, room: Room) -> dict[str, str]:
    return {absent.name: absent.reason for absent in rung.plan(room).absent}


def rung(spec: str) -> Rung:
    return open_rungs([spec])[0]


def test_zero_shot_has_a_row_for_each_wording_in_words_and_their_mean() -> None:
    lines = sat(rung("zero-shot"), room_of(Doubling(), Scripted(right)))
    assert list(lines) == ["zero-shot", "zero-shot/other", "zero-shot/mean"]
    mean = lines["zero-shot/mean"]
    assert mean.parts == ("zero-shot", "zero-shot/other")
    assert mean.never
    assert all(len(said.answers) == 2 for said in mean.said)
    tokens = lines["zero-shot"].said[0].usage.sampled_tokens
    assert mean.said[0].usage.sampled_tokens == tokens


def test_zero_shot_is_greedy_and_begins_with_the_rooms_wording() -> None:
    world = Doubling()
    room = room_of(world, Scripted(right))
    plan = rung("zero-shot:wordings=1").plan(room)
    assert [part.way.wording for part in plan.parts] == ["plain"]
    assert all(job.task.sampling.temperature == 0 for part in plan.parts for job in part.jobs)


def test_a_wording_that_the_model_cannot_be_given_is_absent_with_its_reason() -> None:
    room = room_of(Doubling(), Scripted(right, lacks=[Ability.DOCUMENT]))
    assert "takes no plain text" in absences(rung("code-style"), room)["code-style"]


@pytest.mark.parametrize("name", ["control", "code-style"])
def test_a_world_without_such_a_wording_says_so(name: str) -> None:
    room = room_of(Doubling(wordings=WORDINGS[:2]), Scripted(right))
    assert "no wording of the style" in absences(rung(name), room)[name]


def test_control_is_never_recommended() -> None:
    assert sat(rung("control"), room_of(Doubling(), Scripted(right)))["control"].never


def test_few_shot_shows_practice_items_only_and_nests() -> None:
    room = room_of(Doubling(), Scripted(right))
    plan = rung("few-shot").plan(room)
    shown = [part.way.examples for part in plan.parts]
    assert [len(ids) for ids in shown] == [1, 3, 8]
    assert shown[2][:3] == shown[1]
    for part in plan.parts:
        for job in part.jobs:
            assert job.task.prompt.keys
            assert all(split_of(key) is Split.PRACTICE for key in job.task.prompt.keys)


def test_few_shot_without_known_answers_is_absent() -> None:
    found = absences(rung("few-shot"), room_of(Doubling(known=False), Scripted(right)))
    assert set(found) == {"few-shot/k=1", "few-shot/k=3", "few-shot/k=8"}
    assert "known answer" in found["few-shot/k=3"]


def test_search_widths_are_prefixes_of_the_same_draws() -> None:
    room = room_of(Doubling(), Scripted(sometimes), items=20)
    wide = sat(rung("search:n=16"), room)
    narrow = sat(rung("search:n=4"), room)
    assert list(wide) == ["search/n=1", "search/n=4", "search/n=16"]
    for name in ("search/n=1", "search/n=4"):
        assert [said.answers for said in wide[name].said] == [said.answers for said in narrow[name].said]
    assert wide["search/n=4"].way is not None
    assert wide["search/n=4"].way.strategy == "best-of-n:n=4"
    assert wide["search/n=4"].way.needs_verifier


def test_costs_of_narrow_rows_are_those_of_their_draws() -> None:
    room = room_of(Doubling(), Scripted(sometimes))
    wide, narrow = sat(rung("search:n=16"), room), sat(rung("search:n=4"), room)
    for one, same in zip(wide["search/n=4"].said, narrow["search/n=4"].said, strict=True):
        assert one.usage.sampled_tokens == pytest.approx(same.usage.sampled_tokens, abs=2)
        assert one.usage.prompt_tokens == same.usage.prompt_tokens
        assert one.usage.judgements == same.usage.judgements


def test_search_without_a_verifier_is_an_oracle_and_never_recommended() -> None:
    lines = sat(rung("search:n=4"), room_of(Doubling(verified=False), Scripted(sometimes)))
    assert list(lines) == ["oracle pass@1", "oracle pass@4"]
    for line in lines.values():
        assert line.way is None
        assert "oracle" in (line.never or "")
        assert all(len(said.answers) == 4 for said in line.said)
    assert lines["oracle pass@1"].pass_k == 1


def test_vote_shares_its_draws_with_search_and_needs_no_critic() -> None:
    room = room_of(Doubling(), Scripted(sometimes))
    vote, search = rung("vote:n=16"), rung("search:n=16")
    assert vote.plan(room).parts[0].jobs == search.plan(room).parts[0].jobs
    lines = sat(vote, room)
    assert list(lines) == ["vote/n=4", "vote/n=16"]
    way = lines["vote/n=16"].way
    assert way is not None
    assert (way.strategy, way.needs_verifier) == ("vote:n=16", False)
    wrong = sum(said.answers == (said.item.inputs["number"],) for said in lines["vote/n=16"].said)
    assert wrong >= 10  # the commonest answer of this model is the wrong one
    assert all(said.usage.judgements == 0 for said in lines["vote/n=16"].said)


def test_lora_sits_with_the_adapter_it_is_given() -> None:
    model = Scripted("no\n", adapters={"night": right})
    model._loaded["night"] = model._known["night"]
    lines = sat(rung("lora"), room_of(Doubling(), model, learned="night"))
    assert lines["lora"].said[0].answers == (lines["lora"].said[0].item.target,)
    assert lines["lora"].way is not None
    assert lines["lora"].way.adapter == "night"


def test_lora_without_adapter_or_trainer_is_absent() -> None:
    assert "cannot be trained" in absences(rung("lora"), room_of(Doubling(), Scripted(right)))["lora"]


def trainable(model: Scripted) -> Scripted:
    model.abilities |= {Ability.TRAIN}
    model._loaded["learned"] = model._known["learned"]
    return model


def test_lora_trains_on_practice_items_that_search_solved() -> None:
    taught: list[Lesson] = []

    def train(lessons: object) -> str:
        taught.extend(lessons)  # type: ignore[arg-type]
        return "learned"

    model = trainable(Scripted(right_for_even, adapters={"learned": right}))
    lines = sat(rung("lora:practice=10,draws=2"), room_of(Doubling(), model, train=train))
    assert taught
    assert all(split_of(key) is Split.PRACTICE for lesson in taught for key in lesson.keys)
    assert all(said.answers == (said.item.target,) for said in lines["lora"].said)


def test_lora_practises_with_the_night_that_the_exam_is_sat_with() -> None:
    taught: list[Lesson] = []

    def train(lessons: object) -> str:
        taught.extend(lessons)  # type: ignore[arg-type]
        return "learned"

    model = trainable(Scripted("no\n", adapters={"learned": right, "night": right}))
    model._loaded["night"] = model._known["night"]
    room = room_of(Doubling(), model, train=train, adapter="night")
    sat(rung("lora:practice=10,draws=1"), room)
    assert len(taught) == 10  # the bare model solves nothing


def test_lora_that_cannot_learn_says_why() -> None:
    def train(lessons: object) -> str:
        raise NotANumber("the loss is no number")

    room = room_of(Doubling(), trainable(Scripted(right, adapters={"learned": right})), train=train)
    assert absences(rung("lora:practice=10"), room)["lora"] == "the loss is no number"


def test_lora_that_solves_nothing_is_absent_and_trains_nothing() -> None:
    model = trainable(Scripted("no\n", adapters={"learned": right}))
    room = room_of(Doubling(), model, train=lambda lessons: pytest.fail("trained on nothing"))
    assert "solved none of 10" in absences(rung("lora:practice=10"), room)["lora"]


def test_lora_without_a_verifier_is_absent() -> None:
    model = trainable(Scripted(right, adapters={"learned": right}))
    room = room_of(Doubling(verified=False), model, train=lambda lessons: "learned")
    assert "without a verifier" in absences(rung("lora"), room)["lora"]


@pytest.mark.parametrize("spec", ["search:n=0", "vote:temperature=0", "few-shot:k=-1", "lora:draws=0", "search:m=3"])
def test_parameters_that_make_no_sense_are_refused(spec: str) -> None:
    with pytest.raises(BadSpec):
        open_rungs([spec])

"""A whole night over memories, with a scripted model whose pupil counts its lessons."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.remember.forget import forget
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.sleep.consolidate import sleep_over
from nightschool.sleep.evening.prepare import prepare
from nightschool.sleep.gate.looking import recorded
from nightschool.sleep.lessons.study import asked, checks, study
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.unlearn import unlearn
from nightschool.train.adapter_name import WEIGHTS
from support.evenings import PLAN, TOLD, knows, sleeper
from support.learning import Counting, Studying, sorter


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path / "memories.sqlite") as made:
        for i, text in enumerate(TOLD):
            keep(made, Memory(text, float(i)))
        yield made


def test_a_night_learns_what_was_told_and_becomes_the_one_in_force(store, tmp_path):
    one = sleeper(store, tmp_path)
    found = sleep_over(one)
    assert found.accepted, found.reason
    assert one.ledger.current("studying") == found.night
    taught = {id for lesson in one.ledger.lessons(found.night) for id in lesson.memories}
    assert (
        taught
        == {each["memory"] for each in found.night.scores["chosen"]}
        == {m.id for m in store.each() if "Molbane" in m.content}
    )
    assert found.decision.gain == 1.0
    assert not (one.ledger.folder / "unfinished").exists() or not list((one.ledger.folder / "unfinished").iterdir())


def test_preparing_changes_nothing_and_says_what_is_left(store, tmp_path):
    one = sleeper(store, tmp_path)
    evening = prepare(one)
    assert [each.memory.content for each in evening.selection.chosen] == list(TOLD[:2])
    assert evening.selection.counts() == {"states nothing": 1}
    assert evening.as_dict()["chosen"][0]["text"] == TOLD[0]
    assert one.pupils.made == []
    assert one.ledger.nights() == []


def test_nothing_to_learn_changes_nothing(store, tmp_path):
    first = sleep_over(sleeper(store, tmp_path))
    model = Studying(lambda steps: lambda prompt: "")
    model.load_adapter(Ledger(tmp_path / "nights").adapter(first.night))
    with SqliteStore(tmp_path / "empty.sqlite") as empty:
        found = sleep_over(sleeper(empty, tmp_path))
    assert found.night is None
    assert "nothing to learn" in found.reason
    assert len(Ledger(tmp_path / "nights").nights()) == 1


def test_what_was_learned_is_not_learned_again_and_is_watched_and_replayed(store, tmp_path):
    first = sleep_over(sleeper(store, tmp_path))
    model = Studying(knows(after=1))
    ledger = Ledger(tmp_path / "nights")
    model.load_adapter(ledger.adapter(first.night))
    keep(store, Memory("Ben Molbane plays the harp.", 9.0))
    evening = prepare(sleeper(store, tmp_path, model, wakes=first.night))
    assert {lesson.id for lesson in evening.older} == {lesson.id for lesson in ledger.lessons(first.night)}
    second = sleep_over(sleeper(store, tmp_path, model, wakes=first.night))
    assert second.night.parent == first.night.name
    assert [found.name for found in second.decision.watched][-1] == "earlier nights"


def test_a_bad_night_is_rolled_back_by_the_gate(store, tmp_path):
    one = sleeper(store, tmp_path, Studying(knows(after=1, harm=0.9)), plan=replace(PLAN, watched_items=250))
    found = sleep_over(one)
    assert not found.accepted
    assert found.tried.shares == (1.0, 0.75, 0.5, 0.25)
    assert "may be lost: sorting" in found.reason
    assert one.ledger.current("studying") is None
    assert [night.accepted for night in one.ledger.nights()] == [False]


def test_a_refused_night_is_told_by_the_numbers_of_its_reason(store, tmp_path):
    def half(old, new, share, folder):
        """Return the first steps of the change, as many as the share of it."""
        seen = json.loads((Path(new.path) / WEIGHTS).read_bytes())
        return Counting("studying", seen[: max(1, round(share * len(seen)))]).save(folder)

    def worse(steps):
        """Forget to sort, the less of it the fewer steps of the change there are."""
        harm = 0.3 + min(steps, 6) / 10 if steps else 0.0
        whole = knows(after=1, harm=harm)(steps)
        sort = sorter(lambda numbers: 1.0 if sum(numbers) % 10 >= 10 * harm else 0.0)
        return lambda prompt: whole(prompt) if "Ada" in prompt or not re.search(r"\d", prompt) else sort(prompt)

    one = sleeper(store, tmp_path, Studying(worse), plan=replace(PLAN, watched_items=250), between=half)
    found = sleep_over(one)
    assert not found.accepted
    assert len(found.tried.decisions) == 4
    first, last = found.tried.decisions[0].watched[0], found.tried.decisions[-1].watched[0]
    assert first.after < last.after
    assert found.night.gate["watched"][0]["after"] == found.decision.watched[0].after == first.after
    assert f"{first.after:.1%}" in found.night.reason
    assert len(json.loads((Path(one.ledger.adapter(found.night).path) / WEIGHTS).read_bytes())) > 1


def test_no_lesson_asks_what_an_exam_asks(store, tmp_path):
    never = "where does ada molbane live?"
    evening = prepare(sleeper(store, tmp_path, examined=frozenset({never})))
    assert evening.dropped == 1
    assert never not in {asked(lesson.prompt) for lesson in evening.selection.lessons}


FREE = "Yesterday we left the spare key under the mat."


@pytest.mark.parametrize("count", [1, 4])
def test_a_few_sentences_that_are_not_taken_apart_can_pass_the_gate(count, tmp_path):
    texts = [FREE.replace("mat", place) for place in ("mat", "oak", "tub", "bed")[:count]]
    lessons = {str(each.prompt): each.answer for text in texts for each in study(Memory(text, 0.0))}
    model = Studying(lambda steps: lambda prompt: lessons.get(prompt, "mat oak tub bed") if steps else "It rained.")
    with SqliteStore(tmp_path / "free.sqlite") as store:
        for text in texts:
            keep(store, Memory(text, 1.0))
        found = sleep_over(sleeper(store, tmp_path, model, watched=()))
    assert found.accepted, found.reason


def test_what_is_too_little_to_tell_is_not_taught(tmp_path):
    with SqliteStore(tmp_path / "free.sqlite") as store:
        keep(store, Memory("We won.", 1.0, tags=("chess",)))
        one = sleeper(store, tmp_path)
        found = sleep_over(one)
    assert found.night is None
    assert "too few questions" in found.reason
    assert one.pupils.made == []
    assert one.ledger.nights() == []


@pytest.mark.parametrize("writer", ["model", "both"])
def test_what_it_asks_itself_is_never_what_the_gate_asks(writer, store, tmp_path):
    held_back = [asked(each.prompt) for memory in store.each() for each in checks(memory)]
    good = ["What feeds Ada Molbane?", "What is the work of Ada Molbane?", "How is Ada Molbane busy?"]
    good.append("Which trade does Ada Molbane follow?")
    assert good[-1].casefold() in held_back

    def said(steps):
        def answer(prompt):
            if prompt.endswith("Question:"):
                return dict.fromkeys(good, 1 / len(good)) if "Answer: baker" in prompt else "Who?"
            return "baker" if prompt.startswith("Fact:") else knows(after=1)(steps)(prompt)

        return answer

    one = sleeper(store, tmp_path, Studying(said), plan=replace(PLAN, writer=writer))
    taught = {asked(each.prompt) for each in sleep_over(one).evening.selection.lessons}
    assert taught & {question.casefold() for question in good[:-1]}
    assert not set(held_back) & taught


def test_a_superseded_memory_is_not_learned(store, tmp_path):
    keep(store, Memory("Ada Molbane now lives in Kirmoor.", 50.0))
    evening = prepare(sleeper(store, tmp_path))
    assert [each.memory.content for each in evening.selection.chosen] == [
        "Ada Molbane works as a baker.",
        "Ada Molbane now lives in Kirmoor.",
    ]
    assert evening.selection.counts()["superseded by a newer one"] == 1


def test_a_short_budget_takes_the_most_urgent(store, tmp_path):
    evening = prepare(sleeper(store, tmp_path, plan=replace(PLAN, steps=6)))
    assert len(evening.selection.chosen) == 1
    assert evening.selection.counts()["no room tonight"] == 1


def test_a_forgotten_memory_is_not_learned(store, tmp_path):
    forget(store, next(m.id for m in store.each() if "Vekburg" in m.content), 60.0)
    assert [each.memory.content for each in prepare(sleeper(store, tmp_path)).selection.chosen] == [TOLD[1]]


HARP = "Ada Molbane plays the harp."


def by_and_by(steps):
    """Return what a model says that learns the first fact at once, and the others in more than six steps."""
    known = TOLD[:1] if 0 < steps < 7 else (*TOLD, HARP) if steps else ()
    said = {str(lesson.prompt): lesson.answer for text in known for lesson in study(Memory(text, 0.0))}
    words = ", ".join(text.rstrip(".").split()[-1] for text in known if text[-1] == ".") or "nothing"
    sort = knows(after=99)(steps)
    return lambda prompt: said[prompt] if prompt in said else words if "Ada" in prompt else sort(prompt)


def test_what_is_forgotten_leaves_the_weights_and_the_rest_is_learned_anew(store, tmp_path):
    ledger, model = Ledger(tmp_path / "nights"), Studying(by_and_by)
    first = sleep_over(sleeper(store, tmp_path, model, plan=replace(PLAN, steps=6))).night  # room for one memory
    keep(store, Memory(HARP, 9.0))
    more = replace(PLAN, passes=3)
    second = sleep_over(sleeper(store, tmp_path, model, wakes=first, plan=more)).night
    assert second.accepted, second.reason
    assert len(second.scores["chosen"]) == 2
    secret = next(memory.id for memory in store.each() if "baker" in memory.content)
    forget(store, secret, 60.0)

    one = sleeper(store, tmp_path, model, wakes=second, plan=more)
    found = sleep_over(one)
    assert found.unlearned.memories == {secret}
    assert found.unlearned.purged == (second.name,)
    assert one.pupils.made == [first]
    assert found.night.parent == first.name
    assert [each.memory.content for each in found.evening.selection.chosen] == [HARP]
    assert [night.name for night in ledger.nights()] == [first.name, found.night.name]
    assert found.accepted, found.reason
    assert ledger.current("studying") == found.night
    watched = first.gate["watched"][0]
    assert [(each["name"], each["nights"], each["before"]) for each in found.since_first] == [
        (watched["name"], 2, watched["before"])
    ]
    left = [path for path in (ledger.folder / "lessons").iterdir() if secret in path.read_text()]
    assert left == []
    assert not (ledger.folder / "adapters" / second.adapter).exists()


def test_forgetting_what_was_never_learned_purges_nothing(store, tmp_path):
    first = sleep_over(sleeper(store, tmp_path)).night
    late = keep(store, Memory("Ben Molbane plays the harp.", 9.0))
    forget(store, late.id, 60.0)
    gone = unlearn(Ledger(tmp_path / "nights"), "studying", store.deleted(), first)
    assert (gone.night, gone.purged, gone.memories) == (first, (), frozenset())


def test_a_model_that_cannot_be_trained_has_its_memories_put_in_order_and_is_told_what_was_not_done(store, tmp_path):
    for turn in range(12):
        keep(store, Memory(f"Ada sold {turn + 2} loaves in Vekburg.", 10.0 + turn, session="market", turn=turn))
    foresee = lambda memories: {memory.id: 0.9 for memory in memories}  # noqa: E731
    found = sleep_over(sleeper(store, tmp_path, pupils=None, foresee=foresee))
    assert found.night is None
    assert not found.accepted
    assert "cannot be trained here" in found.reason
    assert "smollm2" in found.reason
    assert found.rested.summed == 1
    assert found.rested.held > 0
    assert found.rested.foretold == found.evening.selection.counts()["cannot be learned here"]
    again = sleep_over(sleeper(store, tmp_path, pupils=None))
    assert again.rested.summed == again.rested.held == 0


def test_a_summary_is_not_learned(store, tmp_path):
    for turn in range(12):
        keep(store, Memory(f"Ada sold {turn + 2} loaves in Vekburg.", 10.0 + turn, session="market", turn=turn))
    found = sleep_over(sleeper(store, tmp_path))
    assert found.rested.summed == 1
    assert found.evening.selection.counts()["a summary of others"] == 1


def test_what_contradicts_is_noted_with_what_it_replaces(store, tmp_path):
    keep(store, Memory("Ada Molbane now lives in Kirmoor.", 50.0))
    ((new, old),) = prepare(sleeper(store, tmp_path)).contradictions
    assert "Kirmoor" in new.text
    assert "Vekburg" in old.text


def test_what_was_superseded_since_is_not_said_again(store, tmp_path):
    first = sleep_over(sleeper(store, tmp_path)).night
    model = Studying(knows(after=1))
    model.load_adapter(Ledger(tmp_path / "nights").adapter(first))
    keep(store, Memory("Ada Molbane now lives in Kirmoor.", 50.0))
    found = sleep_over(sleeper(store, tmp_path, model, wakes=first))
    assert [each.memory.content for each in found.evening.selection.chosen] == ["Ada Molbane now lives in Kirmoor."]
    older = {str(lesson.prompt) + lesson.answer for lesson in found.evening.older}
    assert not any("Vekburg" in text for text in older)
    assert any("baker" in text for text in older)


def test_what_fits_no_context_is_left_with_a_note_and_the_others_are_learned(store, tmp_path):
    model = Studying(knows(after=1))
    model.context_tokens = 400
    keep(store, Memory(f"The owner of {'a very ' * 200}large house is {'the quite ' * 200}old Ben.", 9.0))
    keep(store, Memory("The tale goes: " + "and then it rained, " * 60 + "for ever.", 10.0))
    evening = prepare(sleeper(store, tmp_path, model))
    (why,) = [left.why for left in evening.selection.left if "owner" in left.memory.content]
    assert "remember it in shorter parts" in why
    assert {TOLD[0], TOLD[1]} <= {each.memory.content for each in evening.selection.chosen}


def test_lessons_longer_than_the_context_are_split_and_counted(store, tmp_path):
    model = Studying(knows(after=1))
    model.context_tokens = 250
    keep(store, Memory("Ada Molbane lives in " + "the old, old " * 30 + "town.", 9.0))
    evening = prepare(sleeper(store, tmp_path, model))
    assert evening.split > 0
    assert evening.unfit > 0  # who lives in so long a place fits no context
    assert max(len(str(each.prompt) + each.answer) for each in evening.selection.lessons) <= 250


def test_the_same_weights_are_not_asked_the_same_twice(store, tmp_path):
    one = sleeper(store, tmp_path)
    first = sleep_over(one)
    keep(store, Memory("Ben Molbane plays the harp.", 9.0))
    one.drive.model.load_adapter(one.ledger.adapter(first.night))
    asked_of = recorded(one.drive, first.night.adapter, one.looks)
    assert asked_of
    assert all(asked_of.values())
    assert recorded(one.drive, "other", one.looks) == {}

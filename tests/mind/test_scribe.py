from __future__ import annotations

from pathlib import Path

import pytest

from nightschool.items import Sampling
from nightschool.mind.companion import Companion
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.remember.forget import SUMMARY, forget
from nightschool.remember.memory import LinkKind, Memory
from nightschool.remember.store.sqlite import SqliteStore

SEEN: list[str] = []


def writing(prompt: str) -> str:
    SEEN.append(prompt)
    if prompt.endswith("Topics:"):
        return " weather, Harbour, 7"
    if prompt.endswith("Summary:"):
        return " Ann met Bo at the harbour. She won 900 crowns."
    return "I see."


@pytest.fixture
def store(tmp_path: Path):
    SEEN.clear()
    with SqliteStore(tmp_path / "a.sqlite") as opened:
        yield opened


def companion(store: SqliteStore, model: Scripted, **given) -> Companion:
    ticks = iter(range(1000, 100_000))
    sampling = Sampling(max_tokens=40, temperature=0)
    return Companion(model, store, clock=lambda: float(next(ticks)), session="one", sampling=sampling, **given)


def said(store: SqliteStore, text: str) -> Memory:
    return next(each for each in store.each() if each.content == text)


def test_the_model_tags_what_is_said_and_weighs_how_surprising_it_is(store: SqliteStore) -> None:
    talk = companion(store, Scripted(answers=writing))
    list(talk.hear("Ann met Bo at the harbour."))
    memory = said(store, "Ann met Bo at the harbour.")
    assert memory.tags == ("weather", "harbour", "ann met")
    assert memory.salience.surprise == 50.0  # this model would never say so
    assert memory.strength is not None
    model = Scripted(answers=lambda prompt: writing(prompt) if prompt else "Yes, quite so, I think.")
    dull = companion(store, model)
    list(dull.hear("Yes, quite so, I think."))
    known = said(store, "Yes, quite so, I think.")
    assert known.salience.surprise == 0.0  # and this one nothing else
    assert known.strength is not None
    assert known.strength.stability < memory.strength.stability


def test_answers_are_tagged_in_the_next_turn_and_each_once(store: SqliteStore) -> None:
    model = Scripted(answers=lambda prompt: "The harbour master sails." if "Topics" not in prompt else writing(prompt))
    talk = companion(store, model)
    for _ in range(3):
        list(talk.hear("Who keeps the boats of the harbour?"))
    documents = [ask.prefix.prompt.text or "" for ask in model.asked]
    assert sum("The harbour master sails.\nTopics:" in text for text in documents) == 1
    assert sum("Who keeps the boats of the harbour?\nTopics:" in text for text in documents) == 3
    assert said(store, "The harbour master sails.").tags[0] == "weather"


def test_what_a_model_cannot_or_may_not_do_is_left_out(store: SqliteStore) -> None:
    list(companion(store, Scripted(answers=writing, lacks=[Ability.WEIGH])).hear("Ann met Bo at the harbour."))
    assert said(store, "Ann met Bo at the harbour.").salience.surprise is None
    list(companion(store, Scripted(answers=writing), notes=False).hear("Bo met Ann on the old bridge."))
    memory = said(store, "Bo met Ann on the old bridge.")
    assert (memory.salience.surprise, memory.tags) == (None, ("met ann", "old bridge"))
    SEEN.clear()
    list(companion(store, Scripted(answers=writing)).hear("Hello!"))
    assert not any(prompt.endswith("Topics:") for prompt in SEEN)
    assert said(store, "Hello!").salience.surprise is not None


def test_what_fails_beside_an_answer_does_not_fail_it(store: SqliteStore) -> None:
    def fault(ask):
        return None if "met Bo" in str(ask.prefix.prompt.messages) else "refuse"

    talk = companion(store, Scripted(answers=writing, faults=fault))
    assert "".join(talk.hear("Ann met Bo at the harbour.")) == "I see."
    assert said(store, "Ann met Bo at the harbour.").tags == ("ann met", "harbour")


def test_a_summary_is_the_model_s_where_the_turns_bear_it_out(store: SqliteStore) -> None:
    talk = companion(store, Scripted(answers=writing, context_tokens=3000))
    for i in range(30):
        list(talk.hear(f"On day {i} Ann met Bo at the harbour and gave him map {i}. " + "It rained. " * 8))
    summaries = [memory for memory in store.each() if memory.source == SUMMARY]
    assert summaries
    assert summaries[0].content.startswith("Ann met Bo at the harbour.\n")
    assert "900" not in summaries[0].content
    assert any("> Ann met Bo at the harbour." in prompt for prompt in SEEN)  # it stands for what left
    of = [link for link in store.links([summaries[0].id]) if link.kind is LinkKind.DERIVED]
    gone = forget(store, of[0].target, 9000.0)
    talk.forgotten(gone.ids)
    assert summaries[0].content not in [memory.content for memory in store.each()]


def test_a_summary_that_was_broken_off_is_made_of_their_own_sentences(store: SqliteStore) -> None:
    talk = companion(store, Scripted(answers=writing, context_tokens=3000))
    for i in range(30):
        pieces = talk.hear(f"On day {i} Ann met Bo at the harbour and gave him map {i}. " + "It rained. " * 8)
        next(pieces)
        pieces.close()
    [summary, *_] = [memory for memory in store.each() if memory.source == SUMMARY]
    assert "On day 0 Ann met Bo" in summary.content
    assert talk.gone > 0

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.errors import UsageError
from nightschool.remember.keep import keep
from nightschool.remember.memory import Link, LinkKind, Memory, Salience
from nightschool.remember.recall.features import NAMES
from nightschool.remember.recall.learn import ENOUGH, praise, ranker_of
from nightschool.remember.recall.rank import PLAIN
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
from support.memories import Hashing, told

DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore(tmp_path / "a.sqlite") as opened:
        yield opened


def alone(content: str, time: float = 0.0, **facts: object) -> Memory:
    return Memory(content, time, **facts)  # type: ignore[arg-type]


def found(store: SqliteStore, cue: str, now: float = 0.0, **given) -> list[str]:
    return [each.memory.content for each in recall(store, cue, given.pop("embedder", None), now, **given)]


def test_nothing_is_found_in_an_empty_store_and_nothing_asked_is_refused(store: SqliteStore) -> None:
    assert found(store, "anything") == []
    with pytest.raises(UsageError):
        recall(store, "  ", None, 0.0)


def test_every_score_is_told_and_adds_up(store: SqliteStore) -> None:
    for i in range(12):
        keep(store, told(f"turn {i} about apples and trees {'?' if i % 3 else ''}", i), Hashing())
    for each in recall(store, "When did Ann speak of 4 apples?", Hashing(), 9 * DAY):
        assert sum(each.parts.values()) == pytest.approx(each.score, abs=0.01)
        assert set(each.features) <= set(NAMES)
        assert each.ways
        assert 0 < each.retrievability < 1


def test_a_question_leads_to_the_answer_beside_it(store: SqliteStore) -> None:
    for i, text in enumerate(("Nice day.", "Where does your sister live?", "In Lisbon, since March.", "Ah, good.")):
        keep(store, told(text, i, who="Ann" if i % 2 == 0 else "Bo"))
    assert "In Lisbon, since March." in found(store, "where does the sister live")


def test_meaning_finds_what_words_do_not(store: SqliteStore) -> None:
    embedder = Hashing()
    keep(store, alone("zebra crossing"), embedder)

    class Synonyms(Hashing):
        def cues(self, texts):
            return super().cues([text.replace("striped", "zebra") for text in texts])

    assert found(store, "striped") == []
    assert found(store, "striped", embedder=Synonyms()) == ["zebra crossing"]


def test_a_time_in_the_cue_finds_what_was_then(store: SqliteStore) -> None:
    for day in range(10):
        keep(store, alone(f"diary {'abcdefghij'[day]}", day * DAY + 1))
    now = 9 * DAY + 100
    assert found(store, "my diary of yesterday", now)[0] == "diary i"
    assert found(store, "what happened 3 days ago", now)[0] == "diary g"


def test_links_lead_on_and_a_second_cue_further(store: SqliteStore) -> None:
    first = keep(store, alone("Mira owns the kiosk."))
    linked = alone("Open on Mondays.")
    store.write([Entry(linked, {}, [Link(linked.id, first.id, LinkKind.DERIVED)])])
    keep(store, alone("The kiosk stands in Vetrograd."))
    assert "Open on Mondays." in found(store, "Mira")
    assert "The kiosk stands in Vetrograd." not in found(store, "Mira")
    assert "The kiosk stands in Vetrograd." in found(store, "Mira", hops=2)


def test_what_faded_counts_less_and_is_never_hidden(store: SqliteStore) -> None:
    old = keep(store, alone("the red lamp broke", 0.0))
    new = keep(store, alone("the red lamp works", 0.0, salience=Salience()))
    praise(store, "lamp", [], [new.id], 300 * DAY)
    ranked = recall(store, "red lamp", None, 301 * DAY)
    assert [each.memory.id for each in ranked] == [new.id, old.id]
    forgotten = ranked[1]
    assert forgotten.retrievability < 0.6
    assert forgotten.parts["strength"] > -0.7  # half of its weight at least
    keep(store, alone("something else entirely", 300 * DAY))
    assert found(store, "broke", 4000 * DAY) == ["the red lamp broke"]


def test_a_newer_fact_comes_first_unless_the_cue_asks_for_before(store: SqliteStore) -> None:
    keep(store, alone("My city is Rome.", 0.0))
    keep(store, alone("My city is Oslo.", 60.0))
    assert found(store, "my city", 90.0) == ["My city is Oslo.", "My city is Rome."]
    before = recall(store, "what was my city before", None, 90.0)
    assert all(each.parts.get("superseded", 0.0) == 0.0 for each in before)


def test_what_shares_nothing_with_the_cue_does_not_fit(store: SqliteStore) -> None:
    for turn, text in enumerate(["Where is the key?", "Below a pot.", "It rains.", "Cellos sound."]):
        keep(store, told(text, 3 * turn if turn > 1 else turn), Hashing())
    fits = {each.memory.content: each.fits for each in recall(store, "the key", Hashing(), 0.0)}
    assert fits == {"Where is the key?": True, "Below a pot.": True, "It rains.": False, "Cellos sound.": False}


def test_marks_put_forward(store: SqliteStore) -> None:
    keep(store, alone("the plan is green", 0.0))
    keep(store, alone("the plan is large", 1.0, salience=Salience(marked=True)))
    assert found(store, "plan", 2.0)[0] == "the plan is large"


def test_feedback_strengthens_and_in_time_teaches(store: SqliteStore) -> None:
    memories = [keep(store, alone(f"note {word}", float(i))) for i, word in enumerate(["ab", "cd", "ef", "gh", "ij"])]
    assert ranker_of(store, PLAIN) is PLAIN
    for i in range(ENOUGH):
        shown = recall(store, "note", None, 10.0 + i, ranker=PLAIN)
        praise(store, "note", shown, [memories[i % 5].id], 10.0 + i)
    assert store.get([memories[0].id])[memories[0].id].strength.reviews == ENOUGH // 5  # type: ignore[union-attr]
    assert ranker_of(store, PLAIN) is not PLAIN


def test_recall_writes_nothing(store: SqliteStore) -> None:
    memory = keep(store, alone("still the same"))
    recall(store, "same", None, 100 * DAY, hops=2)
    assert store.get([memory.id]) == {memory.id: replace(memory)}
    assert list(store.feedback()) == []

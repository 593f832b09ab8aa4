from __future__ import annotations

from pathlib import Path

from nightschool.remember.answered import keep_answer, unrepeated
from nightschool.remember.forget import forget
from nightschool.remember.keep import keep, noted
from nightschool.remember.memory import LinkKind
from nightschool.remember.recall.recall import recall
from nightschool.remember.store.sqlite import SqliteStore
from support.memories import told


def test_only_what_is_new_in_an_answer_is_kept(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "a.sqlite") as store:
        fact = keep(store, told("The spare key is under the blue pot.", 0, session="", who=""))
        cue = "Where is the spare key?"
        found = recall(store, cue, None, 60.0)
        whole = "the spare key is under the blue pot"
        assert keep_answer(store, told(whole, 2, who="I", source="assistant"), cue, found) is None
        assert store.count() == 1
        partly = told(
            "You said: the spare key is under the blue pot. Shall I fetch it?", 4, who="I", source="assistant"
        )
        kept = keep_answer(store, partly, cue, found)
        assert kept is not None
        assert kept.content == "Shall I fetch it?"
        assert store.get([fact.id])[fact.id].strength.reviews == 2
        own = keep_answer(store, told("Below a pot that is blue.", 6, who="I", source="assistant"), cue, found)
        assert own is not None
        assert [link.kind for link in store.links([own.id]) if link.target == fact.id] == [LinkKind.DERIVED]
        assert own.id in forget(store, fact.id, 100.0).ids


def test_what_a_marked_memory_says_is_not_kept_again() -> None:
    assert unrepeated("Call me Captain. Aye.", [told("Call me Captain.")]) == "Aye."
    assert unrepeated("Nothing of it.", [told("Call me Captain.")]) == "Nothing of it."
    assert unrepeated("Call me Captain. Dr. Bo is in.", [told("Call me Captain.")]) == "Dr. Bo is in."


def test_whole_words_are_compared() -> None:
    assert unrepeated("U", [told("under the blue pot")]) == "U"
    assert unrepeated("Blue!", [told("under the blue pot")]) == ""


def test_notes_change_what_is_there_and_lead_to_kin(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "a.sqlite") as store:
        first = keep(store, told("The cello is out of tune.", 0, session="", tags=("music",)))
        second = keep(store, told("Ingrid plays in Oslo.", 1, session=""))
        assert not store.links([second.id])
        changed = noted(store, second.id, tags=("music", "oslo"), surprise=6.0)
        assert changed is not None
        assert changed.tags == ("music", "oslo")
        assert changed.salience.surprise == 6.0
        assert changed.strength.stability > second.strength.stability
        assert {link.target for link in store.links([second.id])} == {first.id}
        assert noted(store, "0" * 16, surprise=1.0) is None

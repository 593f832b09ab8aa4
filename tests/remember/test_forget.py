from __future__ import annotations

from pathlib import Path

import pytest

from nightschool.errors import UnknownName
from nightschool.remember.compact import compacted
from nightschool.remember.forget import forget
from nightschool.remember.keep import embed_missing, keep
from nightschool.remember.memory import Link, LinkKind
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
from support.memories import Hashing, told


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore(tmp_path / "a.sqlite") as opened:
        yield opened


TURNS = [
    told("The weather was dull.", 0),
    told("Zebra Quartz hid 42 coins in Lisbon. It was late.", 1),
    told("Bo Marlow found 17 coins in Porto.", 2),
]


def test_a_summary_is_made_of_their_own_sentences() -> None:
    made = compacted(TURNS, 500.0)
    assert made is not None
    summary, links = made
    lines = summary.content.splitlines()
    assert all(any(line.removeprefix("Ann: ") in turn.content for turn in TURNS) for line in lines)
    assert len(summary.content.split()) < sum(len(turn.content.split()) for turn in TURNS)
    assert {link.target for link in links} <= {turn.id for turn in TURNS}
    assert compacted([], 0.0) is None


def test_forgetting_takes_the_mention_out_of_summaries(store: SqliteStore, tmp_path: Path) -> None:
    for turn in TURNS:
        keep(store, turn, Hashing())
    made = compacted(TURNS, 500.0, share=0.9)
    assert made is not None
    summary, links = made
    store.write([Entry(summary, {}, links)])
    gone = forget(store, TURNS[1].id, 600.0)
    assert (gone.summaries, gone.gone, gone.vectors) == (1, 0, 1)
    left = [memory for memory in store.each() if memory.source == "summary"]
    assert len(left) == 1
    assert "Zebra" not in left[0].content
    assert "Bo Marlow" in left[0].content
    assert {link.target for link in store.links([left[0].id])} == {TURNS[0].id, TURNS[2].id}
    assert b"Zebra" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert set(store.deleted()) == {TURNS[1].id, summary.id}
    forget(store, TURNS[2].id, 601.0)
    forget(store, TURNS[0].id, 602.0)
    assert store.count() == 0


def test_a_summary_in_other_words_goes_as_a_whole(store: SqliteStore) -> None:
    keep(store, TURNS[1])
    paraphrase = told("Somebody concealed money in Portugal.", source="summary", who="", session="")
    store.write([Entry(paraphrase, {}, [Link(paraphrase.id, TURNS[1].id, LinkKind.DERIVED)])])
    assert forget(store, TURNS[1].id[:7], 0.0).gone == 1
    assert store.count() == 0
    with pytest.raises(UnknownName):
        forget(store, "abc", 0.0)


def test_keeping_finds_tags_kin_and_what_is_superseded(store: SqliteStore) -> None:
    first = keep(store, told("My phone number is 111.", 0), Hashing())
    second = keep(store, told("My phone number is 222.", 1), Hashing())
    assert first.tags == ("phone number",)
    assert first.strength is not None
    assert store.get([first.id])[first.id].superseded_by == second.id
    kinds = {link.kind for link in store.links([second.id])}
    assert kinds == {LinkKind.NEXT, LinkKind.ENTITY, LinkKind.CONTRADICTS}
    assert keep(store, told("My phone number is 111.", 0)) == store.get([first.id])[first.id]  # again changes nothing


def test_what_lacks_vectors_gets_them(store: SqliteStore) -> None:
    store.write(Entry(turn) for turn in TURNS)
    assert embed_missing(store, Hashing(), most=2) == 2
    assert embed_missing(store, Hashing()) == 1
    assert embed_missing(store, Hashing()) == 0


def test_what_a_model_wrote_of_it_goes_and_what_others_say_stays(store: SqliteStore) -> None:
    for turn in TURNS:
        keep(store, turn)
    made = compacted(TURNS, 500.0, share=2.0, written=["Someone hid money in Lisbon."])
    assert made is not None
    summary, links = made
    assert summary.content.splitlines()[0] == "Someone hid money in Lisbon."
    assert {link.target for link in links} == {turn.id for turn in TURNS}
    store.write([Entry(summary, {}, links)])
    forget(store, TURNS[1].id, 600.0)
    [left] = [memory for memory in store.each() if memory.source == "summary"]
    assert left.content.splitlines() == ["Ann: The weather was dull.", "Ann: Bo Marlow found 17 coins in Porto."]


def test_answers_made_of_it_go_and_what_was_made_of_these(store: SqliteStore) -> None:
    secret, other = keep(store, TURNS[1]), keep(store, TURNS[2])
    answer = told("In Lisbon, 42 coins.", 3, source="assistant", who="I")
    store.write([Entry(answer, {}, [Link(answer.id, secret.id, LinkKind.DERIVED)])])
    made = compacted([answer, other], 500.0, share=1.0)
    assert made is not None
    store.write([Entry(made[0], {}, made[1])])
    gone = forget(store, secret.id, 600.0)
    assert (gone.gone, gone.summaries) == (1, 1)
    assert [memory.content for memory in store.each()] == [other.content, "Ann: " + other.content]

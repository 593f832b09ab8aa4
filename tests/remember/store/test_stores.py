"""What every store does, whichever it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nightschool.errors import BadFile, StoreError, UnknownName
from nightschool.remember.memory import Link, LinkKind, Memory, Salience, Strength
from nightschool.remember.store.jsonl import export, import_
from nightschool.remember.store.port import Entry, Feedback, Neighbour, Store
from support.memories import Hashing, told

Open = Callable[..., Store]
EMBEDDER = Hashing()


def entry(memory: Memory, *links: Link) -> Entry:
    return Entry(memory, {EMBEDDER.name: EMBEDDER.memories([memory.text])[0]}, links)


LAKE, SHOP, BOAT = (
    told("We went to the lake with the dogs.", 0, tags=("lake", "dogs")),
    told("The shop sells boats.", 1, who="Bo", tags=("shop", "boats")),
    told("I painted the boat at the lake.", 2, tags=("boat", "lake")),
)


def test_a_memory_comes_back_as_it_was_written(opened: Open) -> None:
    whole = Memory(
        "Zoë said: 'naïve' — 東京\n\n\ttwo lines", -1.5, "file", "Zoë", "s/1", 7, ("a b", "東京"),
        Salience(-0.5, 2.25, True), Strength(3.5, 5.25, 12.125, 2), "zoë's x", "feedfacefeedface",
    )  # fmt: skip
    opened().write([Entry(whole)])
    again = opened()
    assert again.get([whole.id]) == {whole.id: whole}
    assert again.find(whole.id[:6]) == whole
    assert list(again.each()) == again.recent(9) == [whole]
    assert again.count() == 1


def test_writing_twice_is_writing_once_and_adds_vectors(opened: Open) -> None:
    store = opened()
    assert store.write([Entry(LAKE)]).added == 1
    second = store.write([entry(LAKE)])
    assert (second.added, second.known) == (0, 1)
    assert store.count() == 1
    assert [hit.id for hit in store.dense(EMBEDDER.name, EMBEDDER.cues(["lake"])[0], 5)] == [LAKE.id]


def test_a_transaction_that_fails_leaves_nothing(opened: Open) -> None:
    store = opened()

    def broken():
        yield entry(LAKE)
        raise RuntimeError("the writer fell over")

    with pytest.raises(RuntimeError):
        store.write(broken())
    assert store.count() == 0
    with pytest.raises(UnknownName):
        store.write([entry(LAKE)], delete=["0000"])
    assert store.count() == 0


def test_words_are_found_in_any_form_and_rare_ones_count_more(opened: Open) -> None:
    store = opened()
    store.write(entry(m) for m in (LAKE, SHOP, BOAT))
    found = [hit.id for hit in store.lexical(["boats"], 9)]
    assert set(found) == {SHOP.id, BOAT.id}
    assert [hit.id for hit in store.lexical(["bo", "shop"], 1)] == [SHOP.id]
    assert store.lexical(["nothing"], 9) == []
    assert store.lexical([], 9) == []
    assert store.lexical(['"', "OR", "boat*", "(", "'; --"], 9)  # words, never syntax


def test_meaning_is_scored_exactly(opened: Open) -> None:
    store = opened()
    memories = [told(f"word{i} word{i + 1} word{i * 7 % 50}", i) for i in range(60)]
    store.write(entry(m) for m in memories)
    query = EMBEDDER.cues(["word3 word4"])[0]
    exact = {m.id: float((EMBEDDER.memories([m.text])[0] @ query).max()) for m in memories}
    hits = store.dense(EMBEDDER.name, query, 10)
    assert [hit.id for hit in hits] == sorted(exact, key=lambda id: -exact[id])[:10]
    assert [hit.score for hit in hits] == pytest.approx([exact[hit.id] for hit in hits], abs=2e-3)
    assert store.similarities(EMBEDDER.name, query, [memories[5].id, "none"]) == {
        memories[5].id: pytest.approx(exact[memories[5].id], abs=2e-3)
    }
    assert store.dense("another", query, 10) == []


def test_vectors_of_another_length_are_refused(opened: Open) -> None:
    store = opened()
    store.write([entry(LAKE)])
    with pytest.raises(StoreError, match="64 dimensions"):
        store.write([Entry(SHOP, {EMBEDDER.name: np.ones((1, 3), np.float32)})])
    assert store.count() == 1


def test_all_passages_of_a_long_memory_are_searched(opened: Open) -> None:
    store = opened()
    long = told("first line of it\nsecond with zebra\nthird one")
    store.write([entry(long), entry(SHOP)])
    assert store.dense(EMBEDDER.name, EMBEDDER.cues(["second with zebra"])[0], 1)[0].id == long.id
    assert len(store.all_vectors(long.id)[EMBEDDER.name]) == 3


def test_tags_times_and_places_find(opened: Open) -> None:
    store = opened()
    store.write(entry(m) for m in (LAKE, SHOP, BOAT))
    tagged = store.tagged(["lake", "dogs"], 9)
    assert [hit.id for hit in tagged] == [LAKE.id, BOAT.id]
    assert [hit.score for hit in tagged] == pytest.approx([1.5, 0.5])
    assert [hit.id for hit in store.during(60.0, 120.0, 9)] == [SHOP.id]
    assert store.beside([("s", 1), ("s", 9), ("t", 1)]) == {("s", 1): Neighbour(SHOP.id, asks=False)}
    store.set_tags(LAKE.id, ["new"])
    assert store.get([LAKE.id])[LAKE.id].tags == ("new",)
    assert [hit.id for hit in store.tagged(["new"], 9)] == [LAKE.id]


def test_a_newer_fact_supersedes_and_the_older_stays(opened: Open) -> None:
    store = opened()
    old, new = told("My name is Bo.", 0, claim="ann's name"), told("My name is Di.", 1, claim="ann's name")
    store.write([Entry(old)])
    store.write([Entry(new, {}, [Link(new.id, old.id, LinkKind.CONTRADICTS)], [old.id])])
    assert store.claimed("ann's name") == [new]
    assert store.get([old.id])[old.id] == replace(old, superseded_by=new.id)
    store.write(delete=[new.id])
    assert store.claimed("ann's name") == [old]


def test_what_is_marked_and_in_force_is_known(opened: Open) -> None:
    store, marked = opened(), Salience(marked=True)
    old, new = told("Call me Bo.", 0, salience=marked), told("Call me Di.", 1, salience=marked)
    store.write([Entry(LAKE), Entry(old), Entry(new, supersedes=[old.id])])
    assert store.marked() == [new]


def test_deleting_takes_all_along_and_says_so(opened: Open) -> None:
    store = opened()
    link = Link(LAKE.id, BOAT.id, LinkKind.ENTITY, 0.5)
    store.write([entry(LAKE, link), entry(SHOP), entry(BOAT)])
    store.add_feedback(Feedback("lake?", 5.0, {LAKE.id: {"words": 1.0}}, [LAKE.id]))
    assert store.links([BOAT.id]) == [link]
    gone = store.write(delete=[LAKE.id], now=99.0)
    assert (gone.deleted, gone.vectors, gone.links) == (1, 1, 1)
    assert store.get([LAKE.id]) == {}
    assert store.links([BOAT.id]) == []
    assert store.deleted() == {LAKE.id: 99.0}
    assert list(store.feedback()) == []
    assert LAKE.id not in {hit.id for hit in store.dense(EMBEDDER.name, EMBEDDER.cues(["lake dogs"])[0], 9)}
    assert LAKE.id not in {hit.id for hit in store.lexical(["lake", "dogs"], 9)}
    assert LAKE.id not in {hit.id for hit in store.tagged(["dogs"], 9)}
    with pytest.raises(UnknownName):
        store.write(delete=[LAKE.id])


def test_spaces_never_mix(opened: Open) -> None:
    ann, bo = opened("ann"), opened("bo")
    ann.write([entry(LAKE)])
    bo.write([entry(replace(LAKE, content="We went to the lake with the cats."))])
    query = EMBEDDER.cues(["lake"])[0]
    for store, other in ((ann, bo), (bo, ann)):
        mine, theirs = store.recent(9)[0].id, other.recent(9)[0].id
        assert mine != theirs
        for hits in (store.lexical(["lake"], 9), store.dense(EMBEDDER.name, query, 9), store.tagged(["lake"], 9),
                     store.during(-1.0, 1e9, 9)):  # fmt: skip
            assert [hit.id for hit in hits] == [mine]
        assert store.get([theirs]) == {}
        assert store.similarities(EMBEDDER.name, query, [theirs]) == {}
        with pytest.raises(UnknownName):
            store.write(delete=[theirs])


def test_strength_salience_and_feedback_are_kept(opened: Open) -> None:
    store = opened()
    store.write([Entry(LAKE), Entry(SHOP)])
    store.set_strengths({LAKE.id: Strength(9.5, 2.0, 3.0, 4)})
    store.set_salience(LAKE.id, Salience(marked=True))
    feedback = Feedback("the lake?", 5.0, {SHOP.id: {"words": 0.5}, LAKE.id: {"words": 1.0}}, (LAKE.id,))
    store.add_feedback(feedback)
    again = opened()
    kept = again.get([LAKE.id])[LAKE.id]
    assert (kept.strength, kept.salience) == (Strength(9.5, 2.0, 3.0, 4), Salience(marked=True))
    assert [replace(each, useful=tuple(each.useful)) for each in again.feedback()] == [feedback]


def test_what_is_not_embedded_yet_is_known(opened: Open) -> None:
    store = opened()
    store.write([entry(LAKE), Entry(SHOP), Entry(BOAT)])
    assert store.without_vectors(EMBEDDER.name, 1) == [SHOP]
    assert store.without_vectors("another", 9) == [LAKE, SHOP, BOAT]


def test_export_and_import_make_the_same_store(opened: Open) -> None:
    store, other = opened("ann"), opened("copy")
    link = Link(BOAT.id, LAKE.id, LinkKind.DERIVED, 0.5)
    store.write([entry(LAKE), entry(BOAT, link), Entry(SHOP)])
    store.set_strengths({LAKE.id: Strength(9.5, 2.0, 3.0, 4)})
    store.add_feedback(Feedback("the lake?", 5.0, {LAKE.id: {"words": 1.0}}, (LAKE.id,)))
    out = io.StringIO()
    assert export(store, out) == 3
    lines = out.getvalue().splitlines()
    assert import_(other, lines).added == 3
    assert import_(other, lines).known == 3  # again changes nothing
    copied = io.StringIO()
    export(other, copied)
    assert copied.getvalue().splitlines()[1:] == lines[1:]  # the first names the space
    empty = opened("empty")
    with pytest.raises(BadFile, match="it:3"):
        import_(empty, [*lines[:2], lines[2][:-9]], "it")
    assert empty.count() == 0
    with pytest.raises(BadFile, match="content"):
        import_(empty, [lines[0], lines[1].replace("dogs.", "cats.")])


def test_a_big_memory_is_kept_whole(opened: Open) -> None:
    store = opened()
    big = told("word " * 199_999 + "zebra")
    store.write([Entry(big)])
    assert store.get([big.id])[big.id] == big

import json
import sqlite3

import pytest
import torch

from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.society.expressions.concept import Function
from nightschool.society.library import Library
from nightschool.society.words.beginning import beginning
from nightschool.society.words.define import define, society_of
from support.drawings import drawing


def test_what_was_learned_is_there_after_a_restart(tmp_path):
    library = Library(tmp_path)
    assert list(library) == []
    kept = library.add("cross", drawing("cross"))
    library.add("house", drawing("house"))
    again = Library(tmp_path)
    assert [one.name for one in again] == ["cross", "house"]
    assert again.version == library.version
    assert torch.equal(again.image(again.find("cross")), drawing("cross"))
    assert again.find("cross") == kept


def test_the_version_is_made_of_the_content(tmp_path):
    one, two = Library(tmp_path / "one"), Library(tmp_path / "two")
    one.add("cross", drawing("cross"))
    empty = two.version
    two.add("house", drawing("house"))
    two.add("cross", drawing("cross"))
    assert one.version != two.version
    two.remove("house")
    assert one.version == two.version
    two.remove("cross")
    assert two.version == empty


def test_nothing_comes_twice(tmp_path):
    library = Library(tmp_path)
    library.add("cross", drawing("cross"))
    with pytest.raises(UsageError, match="a concept called 'cross' already"):
        library.add("cross", drawing("house"))
    with pytest.raises(UsageError, match="there already, as 'cross'"):
        library.add("plus", drawing("cross"))
    with pytest.raises(UsageError, match="nothing to learn for 'void': 0 pixels"):
        library.add("void", torch.zeros(105, 105))
    with pytest.raises(UnknownName, match="no concept called 'croos'; did you mean cross"):
        library.find("croos")


def test_damage_is_found(tmp_path):
    library = Library(tmp_path)
    kept = library.add("cross", drawing("cross"))
    path = tmp_path / "objects" / f"{kept.digest}.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BadFile, match="the concept 'cross' is damaged"):
        library.image(kept)
    (tmp_path / "library.sqlite").write_bytes(b"no database at all, but long enough to be read as one" * 30)
    with pytest.raises(BadFile, match="is damaged"):
        list(library)


def test_a_library_that_another_process_holds_is_not_called_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr("nightschool.society.library.WAITS_S", 0.05)
    library = Library(tmp_path)
    library.add("cross", drawing("cross"))
    holder = sqlite3.connect(tmp_path / "library.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(BadFile, match=r"another process is using the library .*library.sqlite; try again"):
        list(library)
    holder.execute("ROLLBACK")
    holder.execute("BEGIN IMMEDIATE")
    assert [kept.name for kept in library] == ["cross"]
    with pytest.raises(BadFile, match="another process is using"):
        library.add("house", drawing("house"))
    holder.execute("ROLLBACK")
    holder.close()
    library.add("house", drawing("house"))


def test_of_two_that_add_one_name_the_second_is_told(tmp_path):
    """Each of them looked before the other had added anything."""

    class Late(Library):
        def __iter__(self):
            return iter(())

    Library(tmp_path).add("cross", drawing("cross"))
    with pytest.raises(UsageError, match="there is a concept called 'cross' already"):
        Late(tmp_path).add("cross", drawing("house"))
    assert Library(tmp_path).drawings().keys() == {"cross"}
    assert len(list((tmp_path / "objects").iterdir())) == 1


def test_programs_are_json_and_those_of_before_are_read(tmp_path):
    library = Library(tmp_path)
    kept = library.program(Function("up", "text", "upper x", (("a", "A"),)))
    path = tmp_path / "objects" / f"{kept.digest}.json"
    assert json.loads(path.read_text())["name"] == "up"
    path.rename(path.with_suffix(".safetensors"))
    assert library.function(library.find("up")).name == "up"
    library.remove("up")
    assert list((tmp_path / "objects").iterdir()) == []


def test_an_object_without_a_row_does_not_count(tmp_path, monkeypatch):
    """A kill between the object and the row leaves the old library; adding again completes it."""
    library = Library(tmp_path)

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sqlite3, "connect", killed)
    with pytest.raises(KeyboardInterrupt):
        library.add("cross", drawing("cross"))
    monkeypatch.undo()
    assert list(library) == []
    library.add("cross", drawing("cross"))
    assert [kept.name for kept in library] == ["cross"]


def test_definitions_stand_beside_drawings(tmp_path):
    library = Library(tmp_path)
    library.add("cross", drawing("cross"))
    definition = define(beginning(), "A zorp is a jar that never wobbles or rings.").definition
    kept = library.define(definition)
    again = Library(tmp_path)
    assert [(one.name, one.kind) for one in again] == [("cross", "drawing"), ("zorp", "definition")]
    assert again.definition(again.find("zorp")) == definition
    assert again.definitions() == [definition]
    with pytest.raises(UsageError, match="a concept called 'zorp' already"):
        again.define(definition)
    again.define(define(society_of(again.definitions()), "A blick is a red zorp.").definition)
    with pytest.raises(UsageError, match="blick would lose the word 'zorp'"):
        again.remove("zorp")
    again.remove("blick")
    (tmp_path / "objects" / f"{kept.digest}.json").write_text("{}")
    with pytest.raises(BadFile, match="'zorp' is damaged"):
        again.definition(again.find("zorp"))


def test_a_drawing_that_is_called_as_a_word_is_removed_beside_what_is_made_of_the_word(tmp_path):
    library = Library(tmp_path)
    library.add("jar", drawing("cross"))
    library.define(define(beginning(), "A zorp is a purple jar.").definition)
    library.remove("jar")
    assert [kept.name for kept in library] == ["zorp"]


def test_a_library_from_before_there_were_definitions_is_read(tmp_path):
    library = Library(tmp_path)
    library.add("cross", drawing("cross"))
    version = library.version
    with sqlite3.connect(tmp_path / "library.sqlite") as database:
        database.execute("ALTER TABLE concepts DROP COLUMN kind")
    database.close()
    assert library.version == version
    assert library.find("cross").kind == "drawing"

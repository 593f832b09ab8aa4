"""The tables of the SQLite store, as migrations: each brings a store from one version to the next, for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from nightschool.errors import StoreError

_FIRST = """
CREATE TABLE memories (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, content TEXT NOT NULL, time REAL NOT NULL, source TEXT NOT NULL, who TEXT NOT NULL,
    session TEXT NOT NULL, turn INTEGER NOT NULL,
    reward REAL, surprise REAL, marked INTEGER NOT NULL,
    stability REAL, difficulty REAL, reviewed REAL, reviews INTEGER,
    claim TEXT, superseded_by TEXT
);
CREATE INDEX memories_time ON memories (time);
CREATE INDEX memories_turn ON memories (session, turn);
CREATE INDEX memories_claim ON memories (claim) WHERE claim IS NOT NULL;

CREATE TABLE tags (
    tag TEXT NOT NULL, place INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE, rank INTEGER NOT NULL,
    PRIMARY KEY (tag, place)
) WITHOUT ROWID;
CREATE INDEX tags_place ON tags (place);

CREATE TABLE links (
    source TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL, weight REAL NOT NULL,
    PRIMARY KEY (source, target, kind)
) WITHOUT ROWID;
CREATE INDEX links_target ON links (target);

CREATE TABLE embedders (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dims INTEGER NOT NULL);
CREATE TABLE vectors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    place INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
    embedder INTEGER NOT NULL REFERENCES embedders, passage INTEGER NOT NULL, vector BLOB NOT NULL,
    UNIQUE (place, embedder, passage)
);
CREATE TABLE bits (
    number INTEGER PRIMARY KEY REFERENCES vectors ON DELETE CASCADE, embedder INTEGER NOT NULL, bits BLOB NOT NULL
);

CREATE TABLE deleted (id TEXT PRIMARY KEY, time REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE feedback (number INTEGER PRIMARY KEY AUTOINCREMENT, cue TEXT NOT NULL, time REAL NOT NULL);
CREATE TABLE shown (
    feedback INTEGER NOT NULL REFERENCES feedback ON DELETE CASCADE, rank INTEGER NOT NULL, id TEXT NOT NULL,
    features TEXT NOT NULL, useful INTEGER NOT NULL, PRIMARY KEY (feedback, rank)
) WITHOUT ROWID;
CREATE INDEX shown_id ON shown (id);

CREATE VIRTUAL TABLE words USING fts5 (
    who, content, content = 'memories', content_rowid = 'place', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER memories_in AFTER INSERT ON memories BEGIN
    INSERT INTO words (rowid, who, content) VALUES (new.place, new.who, new.content);
END;
CREATE TRIGGER memories_out AFTER DELETE ON memories BEGIN
    INSERT INTO words (words, rowid, who, content) VALUES ('delete', old.place, old.who, old.content);
END;
"""

_TAGS_AT_HAND = """
CREATE INDEX tags_of ON tags (place, rank, tag);
DROP INDEX tags_place;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TAGS_AT_HAND)
"""the n-th brings a store from version n - 1 to n"""


def migrate(db: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the store to the newest version, each step whole or not at all. Raises StoreError for a newer store.

    Two processes may try at once: the second finds it done.
    """
    if version(db) == len(migrations):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        found = version(db)
        if found > len(migrations):
            raise StoreError(
                f"the store has version {found}, and this nightschool knows {len(migrations)}; "
                "type: pip install --upgrade nightschool"
            )
        for script in migrations[found:]:
            for statement in _statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def version(db: sqlite3.Connection) -> int:
    """Return the version of the store, 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """Return the statements of `script`. `executescript` would commit between them."""
    statements, so_far = [], ""
    for line in script.splitlines(keepends=True):
        so_far += line
        if sqlite3.complete_statement(so_far):
            statements.append(so_far)
            so_far = ""
    return statements

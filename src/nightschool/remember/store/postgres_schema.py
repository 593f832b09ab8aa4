"""The tables of the PostgreSQL store, as migrations. Every key begins with the space: no query can leave it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nightschool.errors import StoreError

if TYPE_CHECKING:
    from psycopg import Connection

_FIRST = """
CREATE TABLE memories (
    space text NOT NULL, id text NOT NULL, place bigserial NOT NULL,
    content text NOT NULL, time double precision NOT NULL, source text NOT NULL, who text NOT NULL,
    session text NOT NULL, turn integer NOT NULL,
    reward double precision, surprise double precision, marked boolean NOT NULL,
    stability double precision, difficulty double precision, reviewed double precision, reviews integer,
    claim text, superseded_by text, tags text[] NOT NULL, length integer NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', left(who || ' ' || content, 200000))) STORED,
    PRIMARY KEY (space, id)
);
CREATE INDEX memories_place ON memories (space, place);
CREATE INDEX memories_time ON memories (space, time);
CREATE INDEX memories_turn ON memories (space, session, turn);
CREATE INDEX memories_claim ON memories (space, claim) WHERE claim IS NOT NULL;
CREATE INDEX memories_words ON memories USING gin (words);
CREATE INDEX memories_tags ON memories USING gin (tags);

CREATE TABLE links (
    space text NOT NULL, source text NOT NULL, target text NOT NULL, kind text NOT NULL,
    weight double precision NOT NULL, PRIMARY KEY (space, source, target, kind)
);
CREATE INDEX links_target ON links (space, target);

CREATE TABLE vectors (
    space text NOT NULL, id text NOT NULL, embedder text NOT NULL, passage integer NOT NULL, vector vector NOT NULL,
    PRIMARY KEY (space, embedder, id, passage),
    FOREIGN KEY (space, id) REFERENCES memories ON DELETE CASCADE
);
CREATE INDEX vectors_id ON vectors (space, id);

CREATE TABLE deleted (
    space text NOT NULL, id text NOT NULL, time double precision NOT NULL, PRIMARY KEY (space, id)
);
CREATE TABLE feedback (
    space text NOT NULL, number bigserial PRIMARY KEY, cue text NOT NULL, time double precision NOT NULL
);
CREATE INDEX feedback_space ON feedback (space, number);
CREATE TABLE shown (
    feedback bigint NOT NULL REFERENCES feedback ON DELETE CASCADE, rank integer NOT NULL, id text NOT NULL,
    features text NOT NULL, useful boolean NOT NULL, PRIMARY KEY (feedback, rank)
);
CREATE INDEX shown_id ON shown (id);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""the n-th brings a store from version n - 1 to n"""
_SCHEMA = "nightschool_memory"
_LOCK = 7_046_029  # any number, as long as it is ours alone


def migrate(db: Connection[Any], migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the store to the newest version, all of it or nothing. Raises StoreError for a newer store."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        db.execute("CREATE EXTENSION IF NOT EXISTS vector")
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
        db.execute(f"SET LOCAL search_path = {_SCHEMA}, public")
        db.execute("CREATE TABLE IF NOT EXISTS version (version integer NOT NULL)")
        row = db.execute("SELECT max(version) FROM version").fetchone()
        found = int(row[0]) if row and row[0] is not None else 0
        if found > len(migrations):
            raise StoreError(
                f"the store has version {found}, and this nightschool knows {len(migrations)}; "
                "type: pip install --upgrade nightschool"
            )
        for number, script in enumerate(migrations[found:], found + 1):
            db.execute(script.encode())
            db.execute("INSERT INTO version VALUES (%s)", (number,))
    db.execute(f"SET search_path = {_SCHEMA}, public")

"""Definitions that table metadata cannot express, executed right after their table is created.

The first migration executes the same statements.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from app.db.search import SearchEntry

SQLITE_SEARCH = (
    # External content: the words are stored once, in search_entry. Triggers keep the index true.
    "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_entry', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER search_entry_inserted AFTER INSERT ON search_entry BEGIN "
    "INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_entry_deleted AFTER DELETE ON search_entry BEGIN "
    "INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER search_entry_updated AFTER UPDATE ON search_entry BEGIN "
    "INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); "
    "INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
)


def _on_sqlite(statement: str) -> DDL:
    ddl: DDL = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
    return ddl


def register() -> None:
    """Attach the statements to their tables; ``metadata.create_all`` then runs them too."""
    for statement in SQLITE_SEARCH:
        event.listen(SearchEntry.__table__, "after_create", _on_sqlite(statement))
    event.listen(
        SearchEntry.__table__,
        "before_drop",
        _on_sqlite("DROP TABLE IF EXISTS search_index"),
    )


register()

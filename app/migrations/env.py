"""What Alembic runs: the connection comes from :mod:`app.migrations`, the tables from the engine and every slice."""

from __future__ import annotations

from typing import Any

from alembic import context

import engine
from app.bootstrap import load_models
from app.db import Base

OWN_TABLES = ("search_index",)  # SQLite's full-text index with its shadow tables: made by statement, not by metadata


def wanted(thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Leave what metadata does not describe alone."""
    return not (kind == "table" and (name or "").startswith(OWN_TABLES))


def run() -> None:
    """Migrate (or compare) over the given connection, each revision in one transaction."""
    load_models()
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=[engine.metadata, Base.metadata],
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_type=True,
        include_object=wanted,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

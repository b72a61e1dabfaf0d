"""What Alembic runs: the connection comes from :mod:`app.migrations`, the tables from the engine and every slice."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

import engine
from app.bootstrap import load_models
from app.db import Base

# SQLite's full-text index with its shadow tables: made by statement, not by metadata. A doorbell's tables: not ours.
OWN_TABLES = ("search_index", "procrastinate_")


def wanted(thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Leave what metadata does not describe alone."""
    return not (kind == "table" and (name or "").startswith(OWN_TABLES))


def rendered(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """Our column types by their names instead of what they are made of."""
    named = {id(engine.JsonValue): "engine.JsonValue", id(engine.BigKey): "engine.BigKey"}
    text = "engine.UtcDateTime()" if isinstance(item, engine.UtcDateTime) else named.get(id(item))
    if text is not None:
        autogenerate.imports.add("import engine")
        return text
    # Types of slices may move or change; a migration is about what they are stored as.
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def run() -> None:
    """Migrate (or compare) over the given connection, each revision in one transaction."""
    load_models()
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=[engine.metadata, Base.metadata],
        render_as_batch=context.config.attributes.get("batch", True),
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_type=True,
        include_object=wanted,
        render_item=rendered,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

"""What somebody can do who owns the database: the guards of the past are gone."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.store.guards import APPEND_ONLY, OPERATIONS


def lift_guards(session: Session) -> None:
    """Rows of history, audit log and seals can be changed and deleted, in this transaction and after its commit."""
    elsewhere = session.get_bind().dialect.name != "sqlite"
    for table in APPEND_ONLY:
        for operation in OPERATIONS:
            session.execute(text(f"DROP TRIGGER {table}_no_{operation}" + (f" ON {table}" if elsewhere else "")))

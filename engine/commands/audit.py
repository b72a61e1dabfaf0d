"""The log of what people with special rights did. Ordinary work is in the history of its instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.commands.model import Command
from engine.context import now
from engine.store import chain
from engine.store import statements as sql
from engine.store.tables import audit_chain


def audit(
    session: Session, command: Command, instance_id: str | None, subject: str | None, facts: Mapping[str, Any]
) -> None:
    """Keep who did what to which instance, with the facts, for good: the next link of the instance's chain."""
    connection = session.connection()
    row = {
        "at": now(session),
        "actor": command.actor,
        "action": type(command).__name__,
        "instance_id": instance_id,
        "subject": subject,
        "facts": dict(facts),
    }
    name = instance_id or chain.NO_INSTANCE
    head = chain.link(_head(connection, name), [row], chain.AUDIT)
    connection.execute(sql.INSERT_AUDIT, {**row, "hash": head})
    connection.execute(update(audit_chain).where(audit_chain.c.chain == name).values(head=head))


def _head(connection: Connection, name: str) -> str:
    """The last link of a chain, locked until the commit; nobody adds to the chain meanwhile."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(audit_chain).values(chain=name, head="").on_conflict_do_nothing())
    query = select(audit_chain.c.head).where(audit_chain.c.chain == name).with_for_update()
    return str(connection.execute(query).scalar_one())

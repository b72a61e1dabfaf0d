"""The log of what people with special rights did. Ordinary work is in the history of its instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.commands.model import Command
from engine.context import now
from engine.store import statements as sql


def audit(
    session: Session, command: Command, instance_id: str | None, subject: str | None, facts: Mapping[str, Any]
) -> None:
    """Keep who did what to which instance, with the facts, for good."""
    session.connection().execute(
        sql.INSERT_AUDIT,
        {
            "at": now(session),
            "actor": command.actor,
            "action": type(command).__name__,
            "instance_id": instance_id,
            "subject": subject,
            "facts": dict(facts),
        },
    )

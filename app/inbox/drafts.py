"""Drafts of task forms, kept on the server while somebody types. Only fields the person may fill in are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import engine
from app.inbox.models import TaskDraft


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed and when it was saved."""

    payload: Mapping[str, Any]
    saved_at: datetime


def draft_of(session: Session, task_id: str, login: str) -> Draft | None:
    """The draft of one person for one task."""
    found = session.get(TaskDraft, (task_id, login))
    return Draft(found.payload, found.saved_at) if found else None


def save(session: Session, task_id: str, login: str, payload: Mapping[str, Any]) -> Draft:
    """Keep ``payload`` in place of the former draft. The caller has left only fields the person may fill in."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    draft = Draft(dict(payload), engine.now(session))
    row = {"payload": draft.payload, "saved_at": draft.saved_at}
    statement = insert(TaskDraft).values(task_id=task_id, login=login, **row)
    session.execute(statement.on_conflict_do_update(index_elements=["task_id", "login"], set_=row))
    return draft


def discard(session: Session, task_id: str, login: str | None = None) -> None:
    """Forget the draft of one person, or of everybody when the task is over."""
    statement = sa.delete(TaskDraft).where(TaskDraft.task_id == task_id)
    session.execute(statement if login is None else statement.where(TaskDraft.login == login))

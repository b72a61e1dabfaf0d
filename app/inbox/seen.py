"""Who has looked at a task: its page says so when a person opens it, claiming and drafting do too."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import engine
from app.inbox.models import TaskSeen


def by(session: Session, task_id: str, login: str) -> bool:
    """Whether this person has looked at the task."""
    return session.get(TaskSeen, (task_id, login)) is not None


def mark(session: Session, task_id: str, login: str) -> None:
    """This person has looked at the task; the first time is kept."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(TaskSeen).values(task_id=task_id, login=login, seen_at=engine.now(session))
    session.execute(statement.on_conflict_do_nothing(index_elements=["task_id", "login"]))


def forget(session: Session, task_id: str) -> None:
    """The task is over."""
    session.execute(sa.delete(TaskSeen).where(TaskSeen.task_id == task_id))

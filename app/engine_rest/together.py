"""Comments and attachments of tasks, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, select
from sqlalchemy.orm import Session

from app.business_objects import BusinessObjects
from app.security import Principal
from app.visibility import sees_task
from engine.tables import task_attachment, task_comment, user_task


def comments(session: Session, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Comments, newest first as in Camunda."""
    return _rows(session, task_comment, condition)


def attachments(session: Session, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Attachments, newest first."""
    return _rows(session, task_attachment, condition)


def _rows(session: Session, table: Table, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return session.execute(select(table).where(condition).order_by(table.c.created_at.desc(), table.c.id.desc())).all()


def seen_tasks(principal: Principal, objects: BusinessObjects) -> Select[Any]:
    """Ids of the tasks this person sees, open or over."""
    return select(user_task.c.id).where(sees_task(principal, objects))


def with_comments(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """Those of the tasks about which somebody said something."""
    return _having(session, task_comment, ids)


def with_attachments(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """Those of the tasks that have attachments."""
    return _having(session, task_attachment, ids)


def _having(session: Session, table: Table, ids: Sequence[str]) -> frozenset[str]:
    return frozenset(session.scalars(select(table.c.task_id).where(table.c.task_id.in_(ids))))

"""User tasks. Lists are ordered by (created_at, id) and continue after a key, never by offset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from engine.errors import TaskNotFound
from engine.model import OPEN_TASKS
from engine.rows import PauseRow, TaskRow
from engine.store.rows import TASK, task_row
from engine.store.tables import task_pause as tp
from engine.store.tables import user_task as ut
from engine.store.tables import user_task_candidate as utc


def task(session: Session, task_id: str) -> TaskRow:
    """One user task with its candidates. Raises TaskNotFound."""
    row = session.execute(select(*TASK).where(ut.c.id == task_id)).first()
    if row is None:
        raise TaskNotFound(task_id=task_id)
    candidates = session.execute(select(utc.c.kind, utc.c.name).where(utc.c.task_id == task_id))
    return task_row(row, [(c.kind, c.name) for c in candidates])


def open_tasks(session: Session, instance_id: str) -> tuple[TaskRow, ...]:
    """The tasks of an instance that wait for somebody (ix_user_task_instance_id)."""
    return tuple(row for row in tasks_of(session, instance_id) if row.state in OPEN_TASKS)


def pauses_of_instance(session: Session, instance_id: str) -> tuple[PauseRow, ...]:
    """When the clocks of an instance's tasks stood still, in order (ix_task_pause_instance_id)."""
    return tuple(_pauses(session, tp.c.instance_id == instance_id))


def pauses_of(session: Session, task_id: str) -> tuple[PauseRow, ...]:
    """When the clock of a task stood still, in order (ix_task_pause_task_id)."""
    return tuple(_pauses(session, tp.c.task_id == task_id))


def _pauses(session: Session, mine: ColumnElement[bool]) -> Iterator[PauseRow]:
    columns = [column for column in tp.c if column.name != "instance_id"]
    for row in session.execute(select(*columns).where(mine).order_by(tp.c.from_at, tp.c.id)):
        yield PauseRow(**row._mapping)


def tasks_of(session: Session, instance_id: str) -> tuple[TaskRow, ...]:
    """All tasks an instance ever had, with candidates, oldest first (ix_user_task_instance_id)."""
    candidates: dict[str, list[tuple[str, str]]] = {}
    found = select(utc.c.task_id, utc.c.kind, utc.c.name).join(ut, ut.c.id == utc.c.task_id)
    for row in session.execute(found.where(ut.c.instance_id == instance_id)):
        candidates.setdefault(row.task_id, []).append((row.kind, row.name))
    by_age = (ut.c.created_at, ut.c.ended_at.is_(None), ut.c.ended_at, ut.c.id)
    query = select(*TASK).where(ut.c.instance_id == instance_id).order_by(*by_age)
    return tuple(task_row(row, candidates.get(row.id, ())) for row in session.execute(query))


def tasks(
    session: Session, state: str, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> tuple[TaskRow, ...]:
    """Tasks in one state, oldest first, without candidates (ix_user_task_state_created_at)."""
    query = select(*TASK).where(ut.c.state == state).order_by(ut.c.created_at, ut.c.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(ut.c.created_at, ut.c.id) > after)
    return tuple(task_row(row) for row in session.execute(query))


def candidate_groups(session: Session, task_ids: Iterable[str]) -> dict[str, list[str]]:
    """The groups each task is offered to, by name; a task that is offered to none is left out."""
    offered = select(utc.c.task_id, utc.c.name).where(utc.c.task_id.in_(list(task_ids)), utc.c.kind == "group")
    found: dict[str, list[str]] = {}
    for task_id, name in session.execute(offered.order_by(utc.c.name)):
        found.setdefault(task_id, []).append(name)
    return found

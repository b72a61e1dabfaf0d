"""Open tasks counted: per process and step, per person, per group; overdue, at risk, due today, the oldest.

Everything is read from ix_user_task_open_step alone, which holds open tasks only; the groups of tasks that nobody has
also from the primary key of user_task_candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.orm import Session

import engine
from app.monitor import sight
from app.monitor.sight import Sight
from engine.tables import user_task, user_task_candidate

DUE_STATES = ("overdue", "risk", "today", "none")


@dataclass(frozen=True, slots=True)
class Load:
    """So many open tasks of one person, group or step. ``key``: login, group name or whatever was grouped by."""

    key: Any
    open: int
    overdue: int
    risk: int
    today: int
    oldest: datetime | None


def due_condition(session: Session, wanted: str) -> ColumnElement[bool]:
    """Condition on open tasks: ``overdue`` (the deadline is past), ``risk`` (not overdue, at least four fifths of the
    working time allowed are used), ``today`` (due from now until midnight of the business time zone) or ``none``."""
    now, task = engine.now(session), user_task.c
    match wanted:
        case "overdue":
            return task.due_at < now
        case "risk":
            return and_(task.risk_at <= now, task.due_at >= now)
        case "today":
            return and_(task.due_at >= now, task.due_at < end_of_day(session))
        case _:
            return task.due_at.is_(None)


def end_of_day(session: Session) -> datetime:
    """The next midnight of the business time zone."""
    local = engine.now(session).astimezone(ZoneInfo(engine.runtime(session).zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def day_before(session: Session, days: int) -> tuple[date, datetime]:
    """The day so many days before today in the business time zone, and when it began: filters of lists take days."""
    zone = ZoneInfo(engine.runtime(session).zone)
    day = engine.now(session).astimezone(zone).date() - timedelta(days=days)
    return day, datetime.combine(day, time(), zone).astimezone(UTC)


def _columns(session: Session) -> list[ColumnElement[Any]]:
    parts = [func.sum(case((due_condition(session, wanted), 1), else_=0)) for wanted in ("overdue", "risk", "today")]
    return [func.count(), *parts, func.min(user_task.c.created_at)]


def _open(sees: Sight) -> ColumnElement[bool]:
    return and_(sight.IS_OPEN, sees.has_open())


def by_step(session: Session, sees: Sight, process_key: str, version: str | None = None) -> Mapping[str, Load]:
    """Open tasks of a process by node id, of one version or of all."""
    conditions = [sight.IS_OPEN, user_task.c.definition_key == process_key, sees.has_open()]
    if version is not None:
        conditions.append(user_task.c.definition_id == version)
    node = user_task.c.node_id
    rows = session.execute(select(node, *_columns(session)).where(*conditions).group_by(node))
    return {row[0]: Load(*row) for row in rows}


def by_version(session: Session, sees: Sight) -> Mapping[str, tuple[Load, int]]:
    """Open tasks by definition id, and in how many instances they are. Who counts every instance is not told in how
    many, for nobody asks and it takes sorting them."""
    task = user_task.c
    instances = literal(0) if sees.everything else func.count(task.instance_id.distinct())
    rows = session.execute(
        select(task.definition_id, *_columns(session), instances).where(_open(sees)).group_by(task.definition_id)
    )
    return {row[0]: (Load(*row[:6]), int(row[6])) for row in rows}


def instances_by_version(session: Session, sees: Sight, process_key: str) -> Mapping[str, int]:
    """In how many instances of a process there are open tasks, by definition id."""
    task = user_task.c
    conditions = (sight.IS_OPEN, task.definition_key == process_key, sees.has_open())
    found = select(task.definition_id, task.instance_id).where(*conditions).distinct().subquery()
    counted = select(found.c.definition_id, func.count()).group_by(found.c.definition_id)
    return {key: int(count) for key, count in session.execute(counted)}


def by_person(session: Session, sees: Sight) -> Sequence[Load]:
    """Open tasks by who has them, the most overdue first."""
    holder = user_task.c.assignee + ""  # no index fits a computed column: else SQLite reads the one of assignees
    found = select(holder, *_columns(session)).where(_open(sees), holder.is_not(None)).group_by(holder)
    return _ordered(session.execute(found))


def holders(session: Session, sees: Sight) -> Sequence[str]:
    """Logins of those who have open tasks."""
    holder = user_task.c.assignee + ""
    return session.scalars(select(holder).where(_open(sees), holder.is_not(None)).distinct().order_by(holder)).all()


def by_group(session: Session, sees: Sight) -> Sequence[Load]:
    """Open tasks that nobody has, by the groups they are offered to, the most overdue first. A task that is offered to
    several groups counts for each of them."""
    offer = user_task_candidate.alias("offer")
    found = (
        select(offer.c.name, *_columns(session))
        .select_from(user_task)
        .join(offer, and_(offer.c.task_id == user_task.c.id + "", offer.c.kind == "group"))  # the open tasks come first
        .where(_open(sees), (user_task.c.assignee + "").is_(None))
        .group_by(offer.c.name)
    )
    return _ordered(session.execute(found))


def _ordered(rows: Any) -> list[Load]:
    return sorted((Load(*row) for row in rows), key=lambda row: (-row.overdue, -row.risk, -row.open, row.key))


def nobody(session: Session, sees: Sight) -> Load:
    """Open tasks that nobody has, each once."""
    conditions = (_open(sees), (user_task.c.assignee + "").is_(None))
    row = session.execute(select(*_columns(session)).where(*conditions)).one()
    count, overdue, risk, today, oldest = row
    return Load("", int(count), int(overdue or 0), int(risk or 0), int(today or 0), oldest)

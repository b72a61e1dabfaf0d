"""Process instances: rows, history, where they stand and where they have been."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from engine.errors import InstanceNotFound
from engine.model import UNFINISHED_JOBS, JobKind
from engine.rows import HistoryRow, InstanceRow, Token
from engine.store.hints import IS_OPEN
from engine.store.rows import HISTORY, INSTANCE, history_row, instance_row
from engine.store.tables import history_event as he
from engine.store.tables import job
from engine.store.tables import process_instance as pi
from engine.store.tables import subscription as sub
from engine.store.tables import user_task as ut

PASSING = ("node_passed", "task_completed", "timer_fired", "message_received", "signal_received")
"""Kinds of history rows that say a node was passed."""


def instance(session: Session, instance_id: str) -> InstanceRow:
    """One instance. Raises InstanceNotFound."""
    row = session.execute(select(*INSTANCE).where(pi.c.id == instance_id)).first()
    if row is None:
        raise InstanceNotFound(instance_id=instance_id)
    return instance_row(row)


def instance_by_key(session: Session, process_key: str, business_key: str) -> InstanceRow | None:
    """The active instance with that business key, else the one started last (ix_process_instance_business_key)."""
    query = (
        select(*INSTANCE)
        .where(pi.c.business_key == business_key, pi.c.definition_key == process_key)
        .order_by(pi.c.ended_at.is_not(None), pi.c.started_at.desc(), pi.c.id)
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else instance_row(row)


def instances(
    session: Session,
    *,
    process_key: str | None = None,
    states: Sequence[str] = ("active",),
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> tuple[InstanceRow, ...]:
    """Instances in these states, last changed first (ix_process_instance_state_updated_at)."""
    query = select(*INSTANCE).where(pi.c.state.in_(states)).order_by(pi.c.updated_at.desc(), pi.c.id.desc())
    if process_key is not None:
        query = query.where(pi.c.definition_key == process_key)
    if after is not None:
        query = query.where(tuple_(pi.c.updated_at, pi.c.id) < after)
    return tuple(instance_row(row) for row in session.execute(query.limit(limit)))


def history(session: Session, instance_id: str, *, after: int = 0, limit: int = 10_000) -> tuple[HistoryRow, ...]:
    """What happened, oldest first (ix_history_event_instance_id_id)."""
    query = select(*HISTORY).where(he.c.instance_id == instance_id, he.c.id > after).order_by(he.c.id).limit(limit)
    return tuple(history_row(row) for row in session.execute(query))


def tokens(session: Session, instance_id: str) -> tuple[Token, ...]:
    """Where the instance stands: open user tasks, timers, subscriptions and service tasks."""
    tasks = select(ut.c.node_id, literal("user_task").label("state")).where(ut.c.instance_id == instance_id, IS_OPEN)
    jobs = select(job.c.node_id, job.c.kind.label("state")).where(
        job.c.instance_id == instance_id,
        job.c.state.in_(UNFINISHED_JOBS),
        job.c.kind.in_((JobKind.TIMER, JobKind.SERVICE_TASK)),
    )
    subscriptions = select(sub.c.node_id, sub.c.kind.label("state")).where(sub.c.instance_id == instance_id)
    query = union_all(tasks, jobs, subscriptions)
    return tuple(Token(node_id, state) for node_id, state in sorted(map(tuple, session.execute(query))))


def passed(session: Session, instance_id: str) -> frozenset[str]:
    """Ids of the nodes the instance has been through (ix_history_event_instance_id_id)."""
    query = select(he.c.node_id).distinct().where(he.c.instance_id == instance_id, he.c.kind.in_(PASSING))
    return frozenset(node for node in session.scalars(query) if node is not None)

"""Service tasks that only a worker outside can do, as SQL conditions on ``job``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, text
from sqlalchemy.orm import Session

from engine.context import now, runtime
from engine.model import JobKind, JobState
from engine.store.tables import CLAIMABLE
from engine.store.tables import job as jb


def is_external(session: Session) -> ColumnElement[bool]:
    """The topic has no handler in this process."""
    served = sorted(runtime(session).handlers.service_topics)
    return and_(jb.c.kind == JobKind.SERVICE_TASK.value, jb.c.topic.not_in(served))


def is_locked(session: Session) -> ColumnElement[bool]:
    """Somebody holds it; a lock that ran out is none."""
    return and_(jb.c.state == JobState.RUNNING.value, jb.c.lease_until >= now(session))


def is_fetchable(session: Session) -> ColumnElement[bool]:
    """External, due, with attempts left, and not locked by anybody (ix_job_topic_due_at)."""
    at = now(session)
    unlocked = and_(text("job." + CLAIMABLE), jb.c.due_at <= at)
    expired = and_(jb.c.state == JobState.RUNNING.value, jb.c.lease_until < at)
    return and_(is_external(session), or_(unlocked, expired))

"""Service tasks that only a worker outside can do, as SQL conditions on ``job``."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, text
from sqlalchemy.orm import Session

from engine.context import now, runtime
from engine.model import JobKind, JobState
from engine.store.tables import SERVICE
from engine.store.tables import job as jb


def is_external(session: Session) -> ColumnElement[bool]:
    """The topic has no handler in this process."""
    served = sorted(runtime(session).handlers.service_topics)
    return and_(jb.c.kind == JobKind.SERVICE_TASK.value, jb.c.topic.not_in(served))


def is_locked(session: Session) -> ColumnElement[bool]:
    """Somebody holds it; a lock that ran out is none."""
    return and_(jb.c.state == JobState.RUNNING.value, jb.c.lease_until >= now(session))


def is_fetchable(session: Session) -> ColumnElement[bool]:
    """External, due, with attempts left, and not locked by anybody."""
    return or_(is_free(session), is_expired(session))


def is_free(session: Session) -> ColumnElement[bool]:
    """Fetchable, and not locked since it became due (ix_job_topic_due_at)."""
    return and_(is_external(session), text("job." + SERVICE), jb.c.due_at <= now(session))


def is_expired(session: Session) -> ColumnElement[bool]:
    """Fetchable because the lock of whoever fetched it ran out (ix_job_state_due_at)."""
    return and_(is_external(session), jb.c.state == JobState.RUNNING.value, jb.c.lease_until < now(session))

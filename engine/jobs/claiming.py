"""Taking jobs from the ledger with a lease, and taking them back from workers that went silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, not_, select, text, update
from sqlalchemy.orm import Session

from engine.commands.model import RunJob
from engine.context import now, runtime
from engine.errors import LeaseLost
from engine.facade import record_incident
from engine.jobs.presence import is_dead
from engine.model import InstanceState, JobState
from engine.queries.external import is_external
from engine.store.tables import CLAIMABLE, job, process_instance

Held = Row[Any, Any, Any, Any, Any]
BATCH = 20
CLAIMABLE_NOW = text("job." + CLAIMABLE)
"""The condition of ix_job_claimable_due_at, word for word."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job this worker may run until ``lease_until``."""

    id: int
    worker: str
    lease_until: datetime

    def command(self) -> RunJob:
        """What runs it."""
        return RunJob(job_id=self.id, worker=self.worker)


def claim(session: Session, worker: str, *, ids: Collection[int] | None = None, limit: int = BATCH) -> list[Claimed]:
    """Lease due jobs, the longest due first; ``ids``: only these.

    An attempt counts from here on, so that a job that kills its worker uses up its attempts too. Of the jobs that were
    tried before only one is taken at a time, and run last: what it kills is not the attempts of all the others.
    """
    if ids is not None:
        return _lease(session, worker, select(job.c.id).where(CLAIMABLE_NOW, job.c.id.in_(ids)), limit)
    fresh = select(job.c.id).where(CLAIMABLE_NOW, job.c.state != JobState.RETRYABLE.value)
    claimed = _lease(session, worker, fresh, max(limit - 1, 1))
    if len(claimed) < limit:
        claimed += _lease(session, worker, select(job.c.id).where(job.c.state == JobState.RETRYABLE.value), 1)
    return claimed


def _lease(session: Session, worker: str, wanted: Select[tuple[int]], limit: int) -> list[Claimed]:
    """ix_job_claimable_due_at, for retryable jobs ix_job_state_due_at."""
    at = now(session)
    lease_until = at + runtime(session).lease
    due = wanted.where(job.c.due_at <= at, _runnable(session)).order_by(job.c.due_at, job.c.id).limit(limit)
    statement = (
        update(job)
        .where(job.c.id.in_(due.with_for_update(skip_locked=True).scalar_subquery()))
        .values(state=JobState.RUNNING.value, worker=worker, lease_until=lease_until, attempts=job.c.attempts + 1)
        .returning(job.c.id, job.c.due_at)
    )
    found = session.connection().execute(statement).all()
    return [Claimed(row.id, worker, lease_until) for row in sorted(found, key=lambda row: (row.due_at, row.id))]


def _runnable(session: Session) -> ColumnElement[bool]:
    """Not a task for workers outside, whose locks are no leases of ours either, and not of a suspended instance."""
    sleeps = exists().where(
        process_instance.c.id == job.c.instance_id, process_instance.c.state == InstanceState.SUSPENDED.value
    )
    return and_(not_(is_external(session)), not_(sleeps))


def rescue(session: Session, *, alone: bool = False, idle: str | None = None) -> int:
    """Give back the jobs whose worker is dead or whose lease ran out; those without attempts left become incidents.

    A worker is dead when its process ran on this machine and is gone, or, for somebody who is ``alone``, when it
    ran on any other machine. Should it be alive after all, the fence keeps what it does out. ``idle`` has nothing in
    hand: what runs in that name it lost together with the database. Returns how many.
    """
    at = now(session)
    columns = (job.c.id, job.c.worker, job.c.lease_until, job.c.attempts, job.c.max_attempts)
    held = select(*columns).where(job.c.state == JobState.RUNNING.value, not_(is_external(session)))
    connection = session.connection()

    def lost(row: Held) -> bool:
        abandoned = idle is not None and row.worker == idle
        return bool(abandoned or row.lease_until < at or is_dead(row.worker, alone=alone))

    found = [row.id for row in connection.execute(held) if lost(row)]
    if not found:
        return 0
    # Skip those whose transaction is under way (the fence locks the row first of all) and those taken meanwhile.
    locked = connection.execute(held.where(job.c.id.in_(found)).with_for_update(skip_locked=True))
    rows = [row for row in locked if lost(row)]
    for row in rows:
        _give_back(session, row, at)
    return len(rows)


def _give_back(session: Session, row: Held, at: datetime) -> None:
    if row.attempts >= row.max_attempts:
        reason = LeaseLost(job_id=row.id, lease_until=row.lease_until.isoformat())
        record_incident(session, reason, RunJob(job_id=row.id, worker=row.worker))
        return
    back = {"state": JobState.RETRYABLE.value, "due_at": at, "worker": None, "lease_until": None}
    session.connection().execute(update(job).where(job.c.id == row.id).values(last_error="worker lost", **back))


def next_due(session: Session) -> datetime | None:
    """When the next job is due (ix_job_claimable_due_at)."""
    query = select(job.c.due_at).where(CLAIMABLE_NOW, _runnable(session)).order_by(job.c.due_at, job.c.id)
    return session.connection().execute(query.limit(1)).scalar()

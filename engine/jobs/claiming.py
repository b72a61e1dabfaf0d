"""Taking jobs from the ledger with a lease, and taking them back from workers that went silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine.commands.model import RunJob
from engine.context import now, runtime
from engine.errors import LeaseLost
from engine.facade import record_incident
from engine.model import JobState
from engine.store.tables import CLAIMABLE, job

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
    """Lease due jobs, the longest due first (ix_job_claimable_due_at); ``ids``: only these.

    An attempt counts from here on, so that a job that kills its worker uses up its attempts too.
    """
    at = now(session)
    lease_until = at + runtime(session).lease
    due = select(job.c.id).where(CLAIMABLE_NOW, job.c.due_at <= at)
    if ids is not None:
        due = due.where(job.c.id.in_(ids))
    due = due.order_by(job.c.due_at, job.c.id).limit(limit).with_for_update(skip_locked=True)
    statement = (
        update(job)
        .where(job.c.id.in_(due.scalar_subquery()))
        .values(state=JobState.RUNNING.value, worker=worker, lease_until=lease_until, attempts=job.c.attempts + 1)
        .returning(job.c.id, job.c.due_at)
    )
    found = session.connection().execute(statement).all()
    return [Claimed(row.id, worker, lease_until) for row in sorted(found, key=lambda row: (row.due_at, row.id))]


def rescue(session: Session) -> int:
    """Give back the jobs whose lease ran out; those without attempts left become incidents. Returns how many."""
    at = now(session)
    query = (
        select(job.c.id, job.c.worker, job.c.lease_until, job.c.attempts, job.c.max_attempts)
        .where(job.c.state == JobState.RUNNING.value, job.c.lease_until < at)
        .with_for_update(skip_locked=True)
    )
    rows = session.connection().execute(query).all()
    for row in rows:
        if row.attempts >= row.max_attempts:
            lost = LeaseLost(job_id=row.id, lease_until=row.lease_until.isoformat())
            record_incident(session, lost, RunJob(job_id=row.id, worker=row.worker))
            continue
        back = {"state": JobState.RETRYABLE.value, "due_at": at, "worker": None, "lease_until": None}
        session.connection().execute(update(job).where(job.c.id == row.id).values(last_error="lease ran out", **back))
    return len(rows)


def next_due(session: Session) -> datetime | None:
    """When the next job is due (ix_job_claimable_due_at)."""
    query = select(job.c.due_at).where(CLAIMABLE_NOW).order_by(job.c.due_at, job.c.id).limit(1)
    return session.connection().execute(query).scalar()

"""Taking jobs from the ledger with a lease, and taking them back from workers that went silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    TextClause,
    and_,
    bindparam,
    case,
    exists,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from engine.commands.ledger import OUTSIDE
from engine.commands.model import RunJob
from engine.context import now, runtime
from engine.errors import LeaseLost
from engine.facade import record_incident
from engine.jobs.presence import is_dead
from engine.model import BatchState, InstanceState, JobState
from engine.queries.external import is_external
from engine.store.tables import CLAIMABLE, OURS, SERVICE, batch, job, process_instance
from engine.store.types import UtcDateTime

Held = Row[Any, Any, Any, Any, Any]
BATCH = 20
BY_PRIORITY = (job.c.priority.desc(), job.c.due_at, job.c.id)
CLAIMABLE_NOW, OURS_NOW, SERVICE_NOW = text("job." + CLAIMABLE), text("job." + OURS), text("job." + SERVICE)
"""The conditions of the partial indexes, word for word."""


def _priorities(job: str) -> TextClause:
    """Every priority with a job that is due, the highest first: one step into ix_job_priority_due_at for each."""
    return text(f"""
        WITH RECURSIVE level(priority) AS (
            SELECT (SELECT priority FROM {job} WHERE {OURS} ORDER BY priority DESC LIMIT 1)
            UNION ALL SELECT (
                SELECT priority FROM {job} WHERE {OURS} AND priority < level.priority ORDER BY priority DESC LIMIT 1)
            FROM level WHERE level.priority IS NOT NULL)
        SELECT priority FROM level WHERE EXISTS (
            SELECT 1 FROM {job} WHERE {OURS} AND priority = level.priority AND due_at <= :at)
        ORDER BY priority DESC""").bindparams(bindparam("at", type_=UtcDateTime))


PRIORITIES = {"postgresql": _priorities("job"), "sqlite": _priorities("job INDEXED BY ix_job_priority_due_at")}
"""Left to itself, SQLite would sort all that wait by their states, at every look into the ledger."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job this worker may run until ``lease_until``."""

    id: int
    worker: str
    lease_until: datetime

    def command(self, outcome: Any = None) -> RunJob:
        """What runs it."""
        return RunJob(job_id=self.id, worker=self.worker, outcome=outcome)


def claim_outside(session: Session, worker: str) -> list[Claimed]:
    """Lease the due job with an outside half that has waited longest, if there is one."""
    wanted = _free(session, OURS_NOW, job.c.priority == OUTSIDE).order_by(job.c.due_at, job.c.id).limit(1)
    return _lease(session, worker, [row.id for row in session.connection().execute(wanted)])


def claim(session: Session, worker: str, *, ids: Collection[int] | None = None, limit: int = BATCH) -> list[Claimed]:
    """Lease due jobs: the highest priority first, among equals the longest due; ``ids``: only these.

    An attempt counts from here on, so that a job that kills its worker uses up its attempts too. Of the jobs that were
    tried before only one is taken at a time, and run last: what it kills is not the attempts of all the others.
    Jobs with an outside half are left to :func:`claim_outside`.
    """
    if ids is not None:
        wanted = _free(session, CLAIMABLE_NOW, job.c.id.in_(ids)).order_by(*BY_PRIORITY).limit(limit)
        return _lease(session, worker, [row.id for row in session.connection().execute(wanted)])
    fresh = _fresh(session, max(limit - 1, 1))
    retryable = job.c.state == JobState.RETRYABLE.value  # ix_job_state_due_at
    tried = _free(session, retryable, job.c.priority > OUTSIDE).order_by(*BY_PRIORITY).limit(1)
    again = session.connection().execute(tried).all() if len(fresh) < limit else ()
    return _lease(session, worker, [row.id for row in (*fresh, *again)])


def _fresh(session: Session, limit: int) -> list[Row[Any]]:
    """Due jobs that were never tried. What others are claiming at this moment is passed over."""
    connection = session.connection()
    untried = job.c.state != JobState.RETRYABLE.value
    found: list[Row[Any]] = []
    for priority in connection.execute(PRIORITIES[connection.dialect.name], {"at": now(session)}).scalars().all():
        if priority == OUTSIDE:
            break
        level = _free(session, OURS_NOW, job.c.priority == priority, untried).order_by(job.c.due_at, job.c.id)
        found += connection.execute(level.limit(limit - len(found)))
        if len(found) >= limit:
            break
    topics = sorted(runtime(session).handlers.service_topics)
    if topics:
        served = _free(session, SERVICE_NOW, job.c.topic.in_(topics), untried).order_by(*BY_PRIORITY)
        found += connection.execute(served.limit(limit))
    return sorted(found, key=lambda row: (-row.priority, row.due_at, row.id))[:limit]


def _free(session: Session, *wanted: ColumnElement[bool] | TextClause) -> Select[Any]:
    due = select(job.c.id, job.c.priority, job.c.due_at).where(*wanted, job.c.due_at <= now(session))
    return due.where(_runnable(session)).with_for_update(of=job, skip_locked=True)


def _lease(session: Session, worker: str, ids: list[int]) -> list[Claimed]:
    """Lease these jobs, whose rows are locked; they keep their order."""
    if not ids:
        return []
    lease_until = now(session) + runtime(session).lease
    values = {"state": JobState.RUNNING.value, "worker": worker, "lease_until": lease_until}
    leased = update(job).where(job.c.id.in_(ids)).values(attempts=job.c.attempts + 1, **values)
    session.connection().execute(leased)
    return [Claimed(number, worker, lease_until) for number in ids]


def _runnable(session: Session) -> ColumnElement[bool]:
    """Not a task for workers outside, whose locks are no leases of ours either; of no suspended instance or batch."""
    sleeps = exists().where(
        process_instance.c.id == job.c.instance_id, process_instance.c.state == InstanceState.SUSPENDED.value
    )
    held = exists().where(batch.c.id == job.c.batch_id, batch.c.state == BatchState.SUSPENDED.value)
    in_open_batch = or_(job.c.batch_id.is_(None), not_(held))
    return and_(not_(is_external(session)), not_(sleeps), in_open_batch)


def give_back(session: Session, worker: str, ids: Collection[int]) -> None:
    """What this worker claimed and never began is as it was before, and somebody else is told."""
    tried = job.c.attempts > 1
    back = {
        "state": case((tried, JobState.RETRYABLE.value), else_=JobState.AVAILABLE.value),
        "attempts": job.c.attempts - 1,
        "worker": None,
        "lease_until": None,
    }
    mine = (job.c.id.in_(ids), job.c.worker == worker, job.c.state == JobState.RUNNING.value)
    for row in session.connection().execute(update(job).where(*mine).values(back).returning(job.c.id)).all():
        runtime(session).bell.ring(session, row.id, now(session))


def rescue(session: Session, *, alone: bool = False, idle: str | None = None) -> int:
    """Give back the jobs whose worker is dead or whose lease ran out; those without attempts left become incidents.

    A worker is dead when its process ran on this machine and is gone, or, for somebody who is ``alone``, when it
    ran on any other machine. Should it be alive after all, the fence keeps what it does out. ``idle`` has nothing in
    hand: what runs in that name it lost together with the database. Returns how many.

    Of a worker's jobs only the first in its order can have begun; the others have lost no attempt.
    """
    at = now(session)
    columns = (job.c.id, job.c.worker, job.c.lease_until, job.c.attempts, job.c.max_attempts)
    in_order = (case((job.c.attempts > 1, 1), else_=0), *BY_PRIORITY)
    held = select(*columns).order_by(*in_order).where(job.c.state == JobState.RUNNING.value, not_(is_external(session)))
    connection = session.connection()

    def lost(row: Held) -> bool:
        abandoned = idle is not None and row.worker == idle
        return bool(abandoned or row.lease_until < at or is_dead(row.worker, alone=alone))

    running = connection.execute(held).all()
    begun = {row.worker: row.id for row in reversed(running)}
    found = [row.id for row in running if lost(row)]
    if not found:
        return 0
    # Skip those whose transaction is under way (the fence locks the row first of all) and those taken meanwhile.
    locked = connection.execute(held.where(job.c.id.in_(found)).with_for_update(skip_locked=True))
    rows = [row for row in locked if lost(row)]
    for row in rows:
        if begun[row.worker] == row.id:
            _take_away(session, row, at)
        else:
            give_back(session, row.worker, [row.id])
    return len(rows)


def _take_away(session: Session, row: Held, at: datetime) -> None:
    if row.attempts >= row.max_attempts:
        reason = LeaseLost(job_id=row.id, lease_until=row.lease_until.isoformat())
        record_incident(session, reason, RunJob(job_id=row.id, worker=row.worker))
        return
    back = {"state": JobState.RETRYABLE.value, "due_at": at, "worker": None, "lease_until": None}
    session.connection().execute(update(job).where(job.c.id == row.id).values(last_error="worker lost", **back))


def next_due(session: Session) -> datetime | None:
    """When the next job is due."""
    query = select(job.c.due_at).where(CLAIMABLE_NOW, _runnable(session)).order_by(job.c.due_at, job.c.id)
    return session.connection().execute(query.limit(1)).scalar()

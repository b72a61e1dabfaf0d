"""Writing to the ledger of everything that happens later. Claiming and rescuing is :mod:`engine.jobs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from engine.context import runtime
from engine.errors import JobNotFound, JobNotRunnable, LeaseLost
from engine.model import JobKind, JobState
from engine.store import statements as sql
from engine.store.prepared import Prepared
from engine.store.tables import job

BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Pauses after the first, second and third failed attempt; after the fourth the job has failed."""
ATTEMPTS = len(BACKOFF) + 1
FINISH = Prepared(sql.FINISH_JOB)
OUTSIDE = -2_000_000_000
"""The priority of work with an outside half. Threads that run such work run nothing else, and nobody else runs it."""
NET = timedelta(seconds=1)
"""A prompt job runs in the thread that committed it; workers look after it this much later."""


def entry(
    kind: JobKind,
    at: datetime,
    *,
    due_at: datetime | None = None,
    instance_id: str | None = None,
    task_id: str | None = None,
    node_id: str | None = None,
    topic: str | None = None,
    correlation_key: str | None = None,
    dedupe_key: str | None = None,
    payload: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    attempts: int | None = None,
    priority: int = 0,
) -> dict[str, Any]:
    """A job that waits until ``due_at`` (default: now) and is tried ``attempts`` times (default: ATTEMPTS)."""
    due_at = due_at or at
    return {
        "kind": kind.value,
        "instance_id": instance_id,
        "task_id": task_id,
        "node_id": node_id,
        "topic": topic,
        "correlation_key": correlation_key,
        "dedupe_key": dedupe_key,
        "payload": payload or {},
        "priority": priority,
        "state": JobState.SCHEDULED.value if due_at > at else JobState.AVAILABLE.value,
        "due_at": due_at,
        "expires_at": expires_at,
        "max_attempts": attempts or ATTEMPTS,
        "created_at": at,
    }


def add(session: Session, connection: Connection, entries: Iterable[dict[str, Any]]) -> list[int]:
    """Insert jobs in the caller's transaction and ring the bell. Returns the ids of those that are due now."""
    current = runtime(session)
    later = []
    prompt = []
    ids = []
    for values in entries:
        if values["state"] == JobState.SCHEDULED.value:
            later.append(values)
            continue
        number = int(connection.execute(sql.INSERT_JOB_RETURNING, values).scalar_one())
        ids.append(number)
        if _is_prompt(session, values):
            prompt.append(number)
            current.bell.ring(session, number, values["due_at"] + NET)
        else:
            current.bell.ring(session, number, values["due_at"])
    if later:
        sql.INSERT_JOB.run_many(connection, later)
        for due_at in sorted({values["due_at"] for values in later}):
            current.bell.ring(session, None, due_at)
    if prompt:
        session.info.setdefault("rung", []).extend(prompt)
    return ids


def _is_prompt(session: Session, values: Mapping[str, Any]) -> bool:
    """Whether the entry point runs the job right after the commit, so that the user sees what follows at once."""
    handlers = runtime(session).handlers
    match values["kind"]:
        case JobKind.SERVICE_TASK:
            return handlers.service(values["topic"]) is not None
        case JobKind.WORK:
            work = handlers.work(values["topic"])
            return work is not None and work.prompt
        case kind:
            return kind in (JobKind.MESSAGE, JobKind.CALL)


def finish(session: Session, job_id: int, worker: str, at: datetime) -> None:
    """The fence: mark the job completed, or refuse when it is finished or somebody else's.

    Raises JobNotFound, LeaseLost (another worker has it now) or JobNotRunnable.
    """
    connection = session.connection()
    values = {"b_id": job_id, "b_worker": worker, "ended_at": at}
    if FINISH.run(connection, values) == 1:
        return
    found = select(job.c.state, job.c.lease_until).where(job.c.id == job_id)
    row = connection.execute(found).first()
    if row is None:
        raise JobNotFound(job_id=job_id)
    if worker and row.state == JobState.RUNNING.value:
        raise LeaseLost(job_id=job_id, lease_until=row.lease_until)
    raise JobNotRunnable(job_id=job_id, state=row.state)


def add_one(session: Session, values: dict[str, Any]) -> int:
    """Insert one job, due now or later, and return its id."""
    if values["state"] == JobState.AVAILABLE.value:
        return add(session, session.connection(), [values])[0]
    number = int(session.connection().execute(sql.INSERT_JOB_RETURNING, values).scalar_one())
    runtime(session).bell.ring(session, number, values["due_at"])
    return number

"""The ledger and the incidents. Lists have a total order and continue after a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session

from engine.errors import JobNotFound, NotFound
from engine.model import UNFINISHED_JOBS, JobKind
from engine.queries.definitions import definition
from engine.rows import IncidentRow, JobRow
from engine.store.prepared import Prepared
from engine.store.rows import INCIDENT, JOB, incident_row, job_row
from engine.store.tables import incident as inc
from engine.store.tables import job as jb

FIND = Prepared(select(*JOB).where(jb.c.id == bindparam("id")))


def job(session: Session, job_id: int) -> JobRow:
    """One job. Raises JobNotFound."""
    row = FIND.first(session.connection(), {"id": job_id})
    if row is None:
        raise JobNotFound(job_id=job_id)
    return job_row(row)


def jobs(
    session: Session,
    *,
    instance_id: str | None = None,
    kinds: Sequence[str] = (),
    states: Sequence[str] = UNFINISHED_JOBS,
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> tuple[JobRow, ...]:
    """Jobs in these states, the next due first (ix_job_instance_id_state, else ix_job_state_due_at)."""
    query = select(*JOB).where(jb.c.state.in_(states)).order_by(jb.c.due_at, jb.c.id).limit(limit)
    if instance_id is not None:
        query = query.where(jb.c.instance_id == instance_id)
    if kinds:
        query = query.where(jb.c.kind.in_(kinds))
    if after is not None:
        query = query.where(tuple_(jb.c.due_at, jb.c.id) > after)
    return tuple(job_row(row) for row in session.execute(query))


def is_optional(session: Session, definition_id: str, timer: JobRow) -> bool:
    """Whether an instance of that version goes on without this timer: it stands at the edge of an activity, or would
    begin an event sub-process."""
    node = definition(session, definition_id).nodes.get(timer.node_id or "", {})
    return timer.kind is JobKind.TIMER and node.get("type") in ("boundaryEvent", "startEvent")


def incident(session: Session, incident_id: int) -> IncidentRow:
    """One incident. Raises NotFound."""
    row = session.execute(select(*INCIDENT).where(inc.c.id == incident_id)).first()
    if row is None:
        raise NotFound(incident_id=incident_id)
    return incident_row(row)


def incidents(
    session: Session,
    *,
    instance_id: str | None = None,
    states: Sequence[str] = ("open",),
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> tuple[IncidentRow, ...]:
    """Incidents in these states, newest first (ix_incident_state_created_at)."""
    query = select(*INCIDENT).where(inc.c.state.in_(states)).order_by(inc.c.created_at.desc(), inc.c.id.desc())
    if instance_id is not None:
        query = query.where(inc.c.instance_id == instance_id)
    if after is not None:
        query = query.where(tuple_(inc.c.created_at, inc.c.id) < after)
    return tuple(incident_row(row) for row in session.execute(query.limit(limit)))
